namespace RocketOps.Cli;

/// <summary>A command cannot do what was asked; the message is for the user.</summary>
internal sealed class CommandFailedException(string message, Exception? innerException = null) : Exception(message, innerException);
