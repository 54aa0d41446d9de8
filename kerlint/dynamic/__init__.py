"""The dynamic mode: runs a script for seconds in a guarded child process and confirms or refutes findings with numbers.

How the pieces meet, in the order in which they happen:

* `observe` (parent) makes a scratch copy of the script's folder, starts `child` and reads its events, JSON lines on an inherited pipe,
  until the child has ended or its time is up. It never imports Keras.
* `protocol` has the events of the process and of models, one struct each, `measurements` those of probes. Parent and child share nothing
  else.
* `child` puts up the guard (`guard`), installs the import hook (`intercept`) and runs the script as it is, except that loops which train
  end after some steps (`loops`). Only what the child alone imports may import Keras or numpy.
* `intercept` patches Keras once the script has imported it. From then on `training` stands behind `fit`: it gathers a `subject.Subject`
  (the model as it stands before its first step, some thousand rows of its real data as numpy arrays, what it was compiled with, the
  user's own budget of steps), sends `FitBegun`, and hands it to

      probes.run(subject, budget_seconds, seeds, asked) -> Iterator[measurements.Probed]

  `asked` are the codes of the static findings: a probe that takes time is only run for a rule that has something to ask it.
  Each event that a probe yields is sent at once, so that a kill loses nothing that was measured. The iterator is left where it stands
  when the time is up. What it raises becomes `Declined` and stops nothing else. Afterwards the model is as it was. Then `fit` does one
  real step with the user's callbacks and returns a `History` of all epochs.
* `exercise` (parent, pure) gathers the events of a run into one `Exercise` for each fit: which layers, optimizer, compile and fit, at
  which lines, and all that the probes measured there.
* `verdicts` (parent, pure) judges a finding by one exercise, rule by rule, and says what an exercise shows that no finding says:

      verdicts.judge(finding, exercise, rule) -> Evidence | None   # None: the rule has nothing to measure; its page has the thresholds
      verdicts.noticed(exercise, rules) -> Iterator[Noticed]       # a finding that only a run can make

* `confirm` (parent, pure) matches findings to exercises by file and line and gives back findings with evidence. It is tested by replaying
  JSON lines, without TensorFlow.
"""
