using System.Globalization;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters;

/// <summary>
/// Wish of the annotation <see cref="ClusterAnnotations.Paused"/>: what is left alone, until when, and why. It is one annotation, so that
/// the end of an old pause cannot end a new one. One that cannot be read pauses everything without an end: somebody wanted something to be
/// left alone.
/// </summary>
/// <param name="Cluster">The operator changes nothing of the cluster's own objects, pods and brokers.</param>
/// <param name="Restarts">No broker is restarted, and no master handed over for that.</param>
/// <param name="Topics">Topics and consumer groups of objects are not written.</param>
/// <param name="Until">Its end; null when somebody has to end it.</param>
/// <param name="Reason">Why, in words of whoever paused it; null when he did not say.</param>
/// <param name="Mistake">Why the annotation cannot be read; null when it can.</param>
internal sealed record ClusterPause(bool Cluster, bool Restarts, bool Topics, DateTimeOffset? Until = null, string? Reason = null, string? Mistake = null)
{
    private const string UntilKey = "until=";
    private const string ReasonKey = "reason=";

    // It goes into conditions and events.
    private const int MaxReason = 200;

    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>Returns the pause while it is in force; null when nothing is paused.</summary>
    public static ClusterPause? Of(BrokerCluster cluster, DateTimeOffset now) => Parse(cluster.Annotation(ClusterAnnotations.Paused)) is { } pause && !(pause.Until <= now) ? pause : null;

    /// <summary><c>true; until=2026-12-01T08:00:00Z; reason=nodes are replaced</c>: what (true, restarts, topics, with commas between them), and if wanted its end and the reason.</summary>
    public static ClusterPause? Parse(string? value)
    {
        // The reason is the rest, whatever is in it.
        (string head, string? reason) = SplitReason(value ?? "");
        string[] fields = [.. head.Split(';', StringSplitOptions.TrimEntries)];
        string what = fields[0];
        if (what.Length == 0 && fields.Length == 1 && reason is null)
        {
            return null;
        }

        if (what.Equals("false", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        DateTimeOffset? until = null;
        foreach (string field in fields.Skip(1).Where(static field => field.Length > 0))
        {
            if (!field.StartsWith(UntilKey, StringComparison.OrdinalIgnoreCase))
            {
                return Unreadable($"\"{Short(field)}\" is neither until=TIME nor reason=TEXT", reason);
            }

            if (TimeOf(field[UntilKey.Length..].Trim()) is not { } time)
            {
                return Unreadable($"\"{Short(field)}\" has no time as 2026-12-01T08:00:00Z", reason);
            }

            until = time;
        }

        ClusterPause pause = new(false, false, false, until, reason);
        foreach (string part in what.Split(',', StringSplitOptions.TrimEntries))
        {
            switch (part.ToLowerInvariant())
            {
                case "true":
                    pause = pause with { Cluster = true };
                    break;
                case "restarts":
                    pause = pause with { Restarts = true };
                    break;
                case "topics":
                    pause = pause with { Topics = true };
                    break;
                default:
                    return Unreadable($"\"{Short(part)}\" is not true, false, restarts or topics", reason);
            }
        }

        return pause;
    }

    /// <summary>Returns the text for people: what is left alone, until when and why.</summary>
    public string Describe()
    {
        string what = string.Join(" and ", new[] { Cluster ? "changes nothing" : Restarts ? "restarts no broker" : null, Topics ? "writes no topic and no consumer group" : null }.OfType<string>());
        string because = Reason is null ? "" : $" ({Reason})";
        return Mistake is not null
            ? $"The operator {what}: the annotation {ClusterAnnotations.Paused} cannot be read, {Mistake}{because}."
            : $"The operator {what} {End()}{because}.";
    }

    /// <summary>
    /// Returns the text for people about the end of the pause, for something that waits: <c>while the annotation rocketops.io/paused is
    /// true</c>.
    /// </summary>
    public string End() => Until is { } until ? "until " + until.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        : Cluster && Mistake is null ? $"while the annotation {ClusterAnnotations.Paused} is true"
        : $"while there is the annotation {ClusterAnnotations.Paused}";

    private static ClusterPause Unreadable(string mistake, string? reason) => new(true, true, true, Reason: reason, Mistake: mistake);

    private static (string Head, string? Reason) SplitReason(string value)
    {
        for (int at = value.IndexOf(';', StringComparison.Ordinal); at >= 0; at = value.IndexOf(';', at + 1))
        {
            string rest = value[(at + 1)..].TrimStart();
            if (rest.StartsWith(ReasonKey, StringComparison.OrdinalIgnoreCase))
            {
                string reason = Short(rest[ReasonKey.Length..].Trim());
                return (value[..at], reason.Length > 0 ? reason : null);
            }
        }

        return (value.Trim(), null);
    }

    /// <summary>Reads a time in RFC 3339, which asks for an offset: a time of somebody's day would end elsewhere at another.</summary>
    private static DateTimeOffset? TimeOf(string text) =>
        (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > "yyyy-MM-dd".Length) && DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time) ? time : null;

    private static string Short(string text) => text.Length <= MaxReason ? text : text[..MaxReason] + "…";
}
