using System.Collections.Immutable;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Groups;

/// <summary>The words by which a master says what keeps it from taking messages, and what a status makes of them. Keep in sync with the broker's runtime figures.</summary>
internal static class MasterRefusals
{
    /// <summary>There is no room on its disk.</summary>
    public const string Disk = "DISK";

    /// <summary>Its store cannot be written.</summary>
    public const string Store = "STORE";

    /// <summary>Fewer copies are in sync than it needs.</summary>
    public const string Copies = "COPIES";

    /// <summary>Its permission lets nobody write.</summary>
    public const string Permission = "PERMISSION";

    /// <summary>It has the role of its group's elected master, and does not lead yet or any more.</summary>
    public const string NotLeading = "NOT_LEADING";

    /// <summary>
    /// Reasons why a group may take no messages: first what keeps them out for good, then what goes by itself, and last where nobody knows
    /// whether they are taken.
    /// </summary>
    public static readonly ImmutableArray<string> Faults = [Reasons.MasterMissing, Reasons.StoreFailed, Reasons.DiskFull, Reasons.InSyncShort, Reasons.NotWritable, Reasons.Unanswering, Reasons.ApiUnavailable];

    public static int Order(string fault) => Faults.IndexOf(fault);

    /// <summary>The reason that tells of a refusal. Brokers of before there were words refused for their disks alone; of a word that is not known the broker's sentence says all.</summary>
    public static string Reason(string? word) => word switch
    {
        null or Disk => Reasons.DiskFull,
        Store => Reasons.StoreFailed,
        Copies => Reasons.InSyncShort,
        NotLeading => Reasons.MasterMissing,
        _ => Reasons.NotWritable,
    };

    /// <summary>
    /// Returns the remedy for a refusal, for the person who reads of it; empty where the broker's own sentence has to do.
    /// </summary>
    public static string Remedy(string? word) => word switch
    {
        null or Disk => "Make room on the volume, or lower fileReservedTime in brokers.config; consumers go on reading, and messages are taken again within seconds of there being room.",
        Store => "Look at the volume and its node (the broker's log says what failed), and restart the pod when it can be written again.",
        Copies => "Bring the group's other members back; messages are taken again as soon as enough of them have everything.",
        Permission => "Take brokerPermission out of brokers.config; where it was set by hand, set it to 6 or restart the pod.",
        _ => string.Empty,
    };
}
