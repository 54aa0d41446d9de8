"""Neovim with the snippet of the docs: what its user sees and does, without a screen."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from editor.editing import FAULT
from editor.snippets import command, snippet

DRIVE = r"""
local seen = {}
local function wait(what, condition)
  if not vim.wait(60000, condition, 50) then
    error("waited in vain for " .. what)
  end
end
local ok, message = pcall(function()
  local function findings() return vim.diagnostic.get(0) end
  wait("a finding", function() return #findings() == 1 end)
  local found = findings()[1]
  seen.finding = { row = found.lnum + 1, column = found.col + 1, message = found.message, source = found.source, severity = found.severity }

  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col + 2 })
  vim.cmd("normal K")
  local page
  wait("the page", function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= "" then
        page = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
        return true
      end
    end
  end)
  seen.page = page

  vim.ui.select = function(items, options, choose)
    seen.actions = {}
    for _, item in ipairs(items) do
      local title = (options.format_item or tostring)(item)
      table.insert(seen.actions, title)
    end
    choose(items[1], 1)
  end
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col + 2 })
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes("<leader>a", true, false, true), "x", false)
  wait("the fix", function() return vim.api.nvim_buf_get_lines(0, found.lnum, found.lnum + 1, false)[1]:find("sigmoid") end)
  wait("no finding", function() return #findings() == 0 end)
  seen.text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n"
end)
seen.error = not ok and tostring(message) or nil
local file = io.open("seen.json", "w")
file:write(vim.fn.json_encode(seen))
file:close()
vim.cmd("qall!")
"""


def test_the_snippet_of_the_docs(tmp_path: Path) -> None:
    (tmp_path / "init.lua").write_text("vim.g.mapleader = ','\n" + snippet("0.7 to 0.10", "init.lua"), encoding="utf-8")
    (tmp_path / "drive.lua").write_text(DRIVE, encoding="utf-8")
    (tmp_path / "train.py").write_text(FAULT, encoding="utf-8")
    env = {
        **os.environ,
        "PATH": f"{command(tmp_path)}:{os.environ['PATH']}",
        **{f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")},
    }
    arguments = ["nvim", "--headless", "-n", "-u", "init.lua", "train.py", "-c", "luafile drive.lua"]
    done = subprocess.run(arguments, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
    assert "error" not in seen, (seen, done.stderr)
    assert seen["finding"]["message"].startswith("softmax over one unit is 1 for every input")
    assert (seen["finding"]["row"], seen["finding"]["column"], seen["finding"]["source"]) == (3, 79, "kerlint")
    assert any("softmax-single-unit" in line for line in seen["page"])
    assert any("Softmax shares a total of 1" in line for line in seen["page"])
    assert seen["actions"][0] == "Use sigmoid (KER301, unsafe fix, changes the training)"
    assert "Ignore KER301 on this line" in seen["actions"]
    assert seen["text"] == FAULT.replace("softmax", "sigmoid")
