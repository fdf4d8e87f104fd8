using System.Globalization;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Leadership;

/// <summary>
/// Content of the Lease of a group that elects its master. The members write it; a value that cannot be read is left out, and nothing
/// throws.
/// </summary>
/// <param name="Holder">The master's pod; null while nobody holds it.</param>
/// <param name="Epoch">Grows with every change of the master.</param>
/// <param name="InSync">Pods that have everything acknowledged, in the Lease's order.</param>
/// <param name="HandOverTo">The pod that somebody wishes to be the master.</param>
/// <param name="History">How the epoch came about, in the words of the member that began it; null when it says nothing.</param>
internal sealed record GroupLease(string? Holder, long Epoch, IReadOnlyList<string> InSync, string? HandOverTo, string? History)
{
    // Keep in sync with the broker's LeaseManifest.
    public const string HandOverAnnotation = "rocketops.io/hand-over-to";
    public const string GroupIdAnnotation = "rocketops.io/group-id";

    private const string InSyncAnnotation = "rocketops.io/in-sync";
    private const string HistoryAnnotation = "rocketops.io/history";

    /// <summary>Largest number of members read from a list: as many as a group can have, however long a list somebody made up.</summary>
    private const int MaxMembers = BrokersSpec.MaxReplicas;

    /// <summary>Tells the group from any other that had or has its name; null when the Lease does not say.</summary>
    public string? GroupId { get; init; }

    /// <summary>Nobody has renewed it for as long as it lasts, as the server has said when it was last asked, so that who holds it takes no messages, unless it says that it does (<c>ObservedGroup.ServesWithoutLease</c>): see <see cref="LeaseClock"/>.</summary>
    public bool Expired { get; init; }

    /// <summary>No renewal was seen for as long as it lasts. Without <see cref="Expired"/> the server did not say whether there was one.</summary>
    public bool Overdue { get; init; }

    /// <summary>
    /// True when, by the time in it, the Lease had ended when this operator saw it first, and it was not renewed since. Without
    /// <see cref="Expired"/> the clocks may differ, and its holder may serve: what that says itself decides
    /// (<c>ObservedGroup.IsHolderDoubted</c>).
    /// </summary>
    public bool Doubtful { get; init; }

    public static GroupLease Of(Lease lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        return new GroupLease(
            NotEmpty(lease.Spec?.HolderIdentity),
            Math.Max(0, lease.Spec?.LeaseTransitions ?? 0),
            [.. (lease.Annotation(InSyncAnnotation) ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(static copy => copy.Split('/')[0]).Where(static name => name.Length > 0).Take(MaxMembers)],
            NotEmpty(lease.Annotation(HandOverAnnotation)),
            NotEmpty(lease.Annotation(HistoryAnnotation)))
        {
            GroupId = NotEmpty(lease.Annotation(GroupIdAnnotation)),
        };
    }

    public bool Has(string pod) => InSync.Contains(pod, StringComparer.Ordinal);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Holder ?? "nobody"} in epoch {Epoch}");

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
