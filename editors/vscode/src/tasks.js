// Tasks: `bloom check`, `test`, `run` and `faults` of the workspace.

const vscode = require("vscode");

const COMMANDS = ["check", "test", "run", "faults"];

function task(program, definition, scope) {
  const command = new vscode.ProcessExecution(program(), [definition.command, definition.path ?? "."]);
  const made = new vscode.Task(definition, scope, `${definition.command} ${definition.path ?? ""}`.trim(), "bloom", command, "$bloom");
  if (definition.command === "check") {
    made.group = vscode.TaskGroup.Build;
  } else if (definition.command === "test") {
    made.group = vscode.TaskGroup.Test;
  }
  return made;
}

function tasks(program) {
  return {
    provideTasks() {
      const folders = vscode.workspace.workspaceFolders ?? [];
      return folders.flatMap((folder) => COMMANDS.map((command) => task(program, { type: "bloom", command }, folder)));
    },
    resolveTask(known) {
      const { definition, scope } = known;
      return COMMANDS.includes(definition.command) && scope ? task(program, definition, scope) : undefined;
    },
  };
}

module.exports = { tasks };
