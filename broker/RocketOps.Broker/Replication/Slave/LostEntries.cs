using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Persistence;
using RocketOps.Protocol.Bodies;

namespace RocketOps.Broker.Replication.Slave;

/// <summary>
/// Log lines about entries that a slave keeps because its master's table lacks them without a note of their deletion. One line for each set
/// of names. Used by one task at a time.
/// </summary>
/// <param name="kind">What an entry is.</param>
/// <param name="kinds">The same for several.</param>
/// <param name="advice">What to do.</param>
/// <param name="logger">Where the lines go.</param>
internal sealed partial class LostEntries(string kind, string kinds, string advice, ILogger logger)
{
    /// <summary>Names in a line; the others are counted.</summary>
    private const int MaxNames = 10;

    private string _told = string.Empty;

    /// <summary>Tells what is kept, unless the same was told last.</summary>
    public void Tell(string master, DataVersion version, FollowOutcome outcome, bool hasNotes)
    {
        if (outcome == FollowOutcome.Nothing)
        {
            return;
        }

        string names = string.Join(", ", outcome.Kept.Take(MaxNames)) + (outcome.Kept.Count > MaxNames ? ", …" : string.Empty);
        string told = string.Create(CultureInfo.InvariantCulture, $"{outcome.Kept.Count} {names}");
        if (outcome.Kept.Count == 0 || told == _told)
        {
            _told = outcome.Kept.Count == 0 ? string.Empty : _told;
            return;
        }

        _told = told;
        string count = outcome.Kept.Count == 1 ? $"1 {kind}" : string.Create(CultureInfo.InvariantCulture, $"{outcome.Kept.Count} {kinds}");
        string because = outcome.IsBehind ? "it was lost, or is an older copy"
            : hasNotes ? "no deletion of them is noted there, so it was lost or is an older copy, or they were made at another master"
            : "this slave has not followed this table before, or it was lost earlier";
        LogKept(master, kinds, TextOf(version), outcome.Before is { } before ? TextOf(before) : "none", count, names, because, advice);
    }

    private static string TextOf(DataVersion version) =>
        string.Create(CultureInfo.InvariantCulture, $"{version.Counter} of "
            + $"{DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(version.Timestamp, 0, 253402300799999)):yyyy-MM-ddTHH:mm:ssZ}");

    [LoggerMessage(EventId = 3685, Level = LogLevel.Warning, Message = ""
        + "The table of {Kinds} of {Master} (version {Version}; followed last: {Before}) lacks {Count} that this slave has "
        + "({Names}): {Because}. This slave keeps them. {Advice}")]
    private partial void LogKept(string master, string kinds, string version, string before, string count, string names, string because,
        string advice);
}
