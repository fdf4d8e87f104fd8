namespace RocketOps.Cli.Messages;

/// <summary>Format of a written message.</summary>
internal enum MessageFormat
{
    /// <summary>One line: time, queue and offset, tag, keys, body.</summary>
    Text,

    /// <summary>One JSON object in a line.</summary>
    Json,

    /// <summary>The bytes of the body, then a line end.</summary>
    Body,
}
