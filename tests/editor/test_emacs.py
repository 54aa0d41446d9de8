"""Emacs with Eglot and the snippet of the docs: a finding is shown and its fix is made, without a screen."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from editor.editing import FAULT
from editor.snippets import command, snippet

DRIVE = r"""
(setq eglot-sync-connect 60 eglot-autoshutdown nil eglot-confirm-server-initiated-edits nil)
(defun wait-for (what true)
  (let ((left 600) found)
    (while (and (not (setq found (funcall true))) (> left 0))
      (setq left (1- left))
      (accept-process-output nil 0.1)
      (when flymake-mode (flymake-start)))
    (unless found (error "waited in vain for %s" what))
    found))
(find-file "train.py")
(python-mode)
(eglot--maybe-activate-editing-mode)
(unless (eglot-current-server) (apply #'eglot (eglot--guess-contact)))
(flymake-mode 1)
(let* ((found (wait-for "a finding" (lambda () (flymake-diagnostics))))
       (text (flymake-diagnostic-text (car found)))
       (place (flymake-diagnostic-beg (car found)))
       (line (line-number-at-pos place))
       (actions (progn (goto-char place) (eglot-code-actions place (flymake-diagnostic-end (car found)) nil nil)))
       (fix (car (append actions nil))))
  (eglot--apply-workspace-edit (plist-get fix :edit))
  (eglot--signal-textDocument/didChange) ; what a timer does when Emacs is idle, which it never is without a screen
  (wait-for "no finding" (lambda () (not (flymake-diagnostics))))
  (with-temp-file "seen.json"
    (insert (json-encode (list :text text :line line :action (plist-get fix :title))))))
(write-region nil nil "fixed.py")
"""


def test_the_snippet_of_the_docs(tmp_path: Path) -> None:
    (tmp_path / "init.el").write_text(snippet("## Emacs", "init.el"), encoding="utf-8")
    (tmp_path / "drive.el").write_text(DRIVE, encoding="utf-8")
    (tmp_path / "train.py").write_text(FAULT, encoding="utf-8")
    env = {**os.environ, "PATH": f"{command(tmp_path)}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    arguments = ["emacs", "--batch", "-l", "init.el", "-l", "drive.el"]
    done = subprocess.run(arguments, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
    assert seen["text"].startswith("kerlint [KER301]: softmax over one unit is 1"), seen
    assert (seen["line"], seen["action"]) == (3, "Use sigmoid (KER301, unsafe fix, changes the training)")
    assert (tmp_path / "fixed.py").read_text(encoding="utf-8") == FAULT.replace("softmax", "sigmoid")
