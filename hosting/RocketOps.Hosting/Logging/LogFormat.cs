namespace RocketOps.Hosting.Logging;

/// <summary>Format of a line of the log.</summary>
public enum LogFormat
{
    /// <summary>Text for people: time, level, part, what happened.</summary>
    Text,

    /// <summary>One flat JSON object for whatever collects logs, see <see cref="JsonLine"/>.</summary>
    Json,
}
