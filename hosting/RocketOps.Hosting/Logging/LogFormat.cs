namespace RocketOps.Hosting.Logging;

/// <summary>What a line of the log looks like.</summary>
public enum LogFormat
{
    /// <summary>For people: time, level, part, what happened.</summary>
    Text,

    /// <summary>For whatever collects logs: one flat JSON object, see <see cref="JsonLine"/>.</summary>
    Json,
}
