namespace RocketOps.Cli.Running;

/// <summary>A command cannot do what was asked; the message is for the user.</summary>
internal sealed class CommandFailedException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>True when what was asked for is not there: while its cluster starts, it may be on its way.</summary>
    public bool IsMissing { get; init; }

    /// <summary>Makes the failure for something that is not there.</summary>
    public static CommandFailedException Missing(string message) => new(message) { IsMissing = true };
}
