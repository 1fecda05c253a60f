// Stands for the editor where none is running.
module.exports = {};
