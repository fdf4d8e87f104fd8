using System.Globalization;
using RocketOps.Client;

namespace RocketOps.Cli.Clusters;

/// <summary>One address of a broker group, and what the broker there says of itself.</summary>
/// <param name="Id">As the name servers have it.</param>
/// <param name="Address">Where it was asked.</param>
/// <param name="Figures">Empty when it does not answer.</param>
/// <param name="Silence">Why it does not answer; null when it does.</param>
internal sealed record GroupRow(long Id, string Address, IReadOnlyDictionary<string, string> Figures, string? Silence)
{
    /// <summary>
    /// Reason why it does not answer, takes no messages as a master or does not copy its master's log; null when there is none. Apache's
    /// brokers say neither of the latter two, which is no fault.
    /// </summary>
    public string? Problem => Silence ?? Figures.GetValueOrDefault("rocketOpsSendsRefused") ?? NotFollowing;

    /// <summary>
    /// Cause for which it takes no messages, in the broker's one word, such as DISK or PERMISSION; null while it takes them.
    /// </summary>
    public string? RefusedBy => Figures.GetValueOrDefault("rocketOpsSendsRefusedBy");

    /// <summary>True when a slave copies its master's log; null for masters and for brokers that do not say.</summary>
    public bool? Follows => bool.TryParse(Figures.GetValueOrDefault("rocketOpsFollows"), out bool follows) ? follows : null;

    private string? NotFollowing => Follows == false ? Figures.GetValueOrDefault("rocketOpsNotFollowing") ?? "it does not copy its master's log" : null;

    /// <summary>Name as a member of a group that elects its master; else null.</summary>
    public string? Member => Figures.GetValueOrDefault("rocketOpsMember");

    public long? Epoch => long.TryParse(Figures.GetValueOrDefault("rocketOpsEpoch"), CultureInfo.InvariantCulture, out long epoch) ? epoch : null;

    /// <summary>
    /// Each broker once, the master first. For a moment after a change of the master the name servers have the one that leads now under the master's address and under its own too, and the master's address may still lead
    /// to the one before, or nowhere: then the members' own names count, and the word of whoever has seen the latest epoch.
    /// </summary>
    public static IReadOnlyList<(GroupRow Row, bool IsMaster)> Once(IReadOnlyList<GroupRow> rows)
    {
        string? leader = rows.Where(static row => row.Epoch is not null).MaxBy(static row => row.Epoch)?.Figures.GetValueOrDefault("rocketOpsMaster") is { Length: > 0 } name ? name : null;
        bool isLeaderHere = rows.Any(row => row.Member is not null && row.Member == leader);
        IEnumerable<GroupRow> elected = rows.Where(static row => row.Member is not null).GroupBy(static row => row.Member, StringComparer.Ordinal)
            .Select(member => (leader is null || member.Key == leader ? member.MinBy(static row => row.Id) : member.MaxBy(static row => row.Id))!);
        return
        [
            .. rows.Where(static row => row.Member is null).Concat(elected)
                .Select(row => (Row: row, IsMaster: row.Member is null || leader is null ? (row.Id == BrokerData.MasterId && !isLeaderHere) : row.Member == leader))
                .OrderByDescending(static entry => entry.IsMaster)
                .ThenBy(static entry => entry.Row.Id),
        ];
    }
}
