using System.Globalization;

namespace RocketOps.Election.Epochs;

/// <summary>Plan for a follower's log before it follows a master.</summary>
/// <param name="At">Where both logs part, and from where on the master's log is copied.</param>
/// <param name="Cuts">What the follower has from there on is cut off, and kept aside.</param>
/// <param name="Epochs">
/// The follower's history from then on, before it copies a byte: an epoch it has begun and written nothing of is none of the common log, even when nothing is cut.
/// </param>
/// <param name="Refusal">Why it must not follow, and what to do; null when it may.</param>
public sealed record JoinPlan(long At, bool Cuts, EpochHistory Epochs, string? Refusal)
{
    /// <summary>
    /// Finds the last common point: the newest epoch that both histories have, at the smaller of its two ends. Below the first entry of a history both logs are taken for one:
    /// that they are copies of one group's log is to be known already. Source: store.md §7.5.
    /// </summary>
    public static JoinPlan Find(LogExtent follower, LogExtent master)
    {
        ArgumentNullException.ThrowIfNull(follower);
        ArgumentNullException.ThrowIfNull(master);
        if (follower.IsEmpty)
        {
            return new JoinPlan(master.Min, Cuts: false, EpochHistory.Empty, Refusal: null);
        }

        if (FindContradiction(follower.Epochs, master.Epochs) is { } contradiction)
        {
            return Refused(contradiction);
        }

        long at = FindCommonEnd(follower, master);
        if (at < master.Min)
        {
            return Refused(Invariant(
                $"the logs agree up to {at}, and the master has deleted everything before {master.Min}: this copy was away for longer than messages are kept; move its store away and start it empty"));
        }

        return at < follower.Min
            ? Refused(Invariant($"the logs agree up to {at}, and this copy has deleted everything before {follower.Min}: move its store away and start it empty"))
            : new JoinPlan(at, Cuts: at < follower.End, follower.Epochs.CutTo(at), Refusal: null);
    }

    private static JoinPlan Refused(string reason) => new(-1, Cuts: false, EpochHistory.Empty, reason);

    private static string? FindContradiction(EpochHistory follower, EpochHistory master)
    {
        Dictionary<long, long> starts = master.Entries.ToDictionary(static entry => entry.Epoch, static entry => entry.Start);
        foreach (EpochEntry own in follower.Entries)
        {
            if (starts.TryGetValue(own.Epoch, out long start) && start != own.Start)
            {
                return Invariant(
                    $"epoch {own.Epoch} begins at {own.Start} here and at {start} in the master's log: two masters had one epoch, or this is the store of another group; compare both stores (rocketops store dump), move one of them away and start that member empty");
            }
        }

        return null;
    }

    private static long FindCommonEnd(LogExtent follower, LogExtent master)
    {
        IReadOnlyList<EpochEntry> own = follower.Epochs.Entries;
        IReadOnlyList<EpochEntry> others = master.Epochs.Entries;
        int i = own.Count - 1;
        int j = others.Count - 1;
        while (i >= 0 && j >= 0 && own[i].Epoch != others[j].Epoch)
        {
            if (own[i].Epoch > others[j].Epoch)
            {
                i--;
            }
            else
            {
                j--;
            }
        }

        // Without a shared epoch, what lies before the first entry of each: −1 here, and the end of that is the first entry's start.
        if (i < 0 || j < 0)
        {
            i = j = -1;
        }

        return Math.Min(EndOf(follower, i), EndOf(master, j));
    }

    private static long EndOf(LogExtent log, int entry) => entry + 1 < log.Epochs.Entries.Count ? Math.Min(log.Epochs.Entries[entry + 1].Start, log.End) : log.End;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
