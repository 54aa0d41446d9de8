"""Tries to leave traces: in files, in other processes, on the network. What must be refused raises OSError."""

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import time

outside = sys.argv[1]  # a folder that is not the script's own
libc = ctypes.CDLL(None, use_errno=True)


def refused(act):
    try:
        act()
    except OSError:
        return
    raise AssertionError(act)


def opened_by_c(path):
    if libc.open(path.encode(), os.O_WRONLY | os.O_CREAT, 0o600) < 0:
        raise OSError(ctypes.get_errno(), path)


def socket_by_c(kind):
    if libc.socket(socket.AF_INET, kind, 0) < 0:
        raise OSError(ctypes.get_errno(), "socket")


# Its own files: the copy takes it all
open("notes.txt", "a").write("more")
open("big.bin", "r+b").write(b"changed")
os.remove("gone.txt")
os.rename("old.txt", "new.txt")
shutil.rmtree("folder")
os.makedirs("a/b/c")
open("a/b/c/deep.txt", "w").write("x")
os.symlink(outside, "way_out")
os.chmod("a", 0o500)

# Elsewhere
refused(lambda: open(os.path.join(outside, "made.txt"), "w"))
refused(lambda: open("way_out/made.txt", "w"))
refused(lambda: os.mkdir(os.path.join(outside, "folder")))
refused(lambda: os.remove(os.path.join(outside, "kept.txt")))
refused(lambda: os.truncate(os.path.join(outside, "kept.txt"), 0))
refused(lambda: os.chmod(os.path.join(outside, "kept.txt"), 0o777))
refused(lambda: os.utime(os.path.join(outside, "kept.txt"), (0, 0)))
refused(lambda: shutil.move("new.txt", os.path.join(outside, "new.txt")))
refused(lambda: opened_by_c(os.path.join(outside, "by_c.txt")))
assert open(os.path.join(outside, "kept.txt")).read() == "kept"

# The network
refused(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=1))
refused(lambda: socket.getaddrinfo("example.com", 80))
refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", int(sys.argv[2]))))
refused(lambda: socket_by_c(socket.SOCK_STREAM))
refused(lambda: socket_by_c(socket.SOCK_DGRAM))

# Other processes
refused(lambda: subprocess.run(["true"]))
refused(lambda: os.system("true"))
refused(lambda: os.kill(os.getppid(), 9))

for leave in (False, True):  # a child that stays in the group, and one that leaves it and loses its parent
    if not os.fork():
        if leave:
            os.setsid()
            if os.fork():
                os._exit(0)
        print("still running", os.getpid(), flush=True)
        time.sleep(600)
time.sleep(0.5)

for _ in range(40):
    sys.stdout.write("noise " * 174_763)
sys.stdout.flush()
print("the last words")
sys.exit(4)
