using System.Globalization;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Elections;

/// <summary>Texts for people about a copy that lacks what it had: a store that was put back from an older copy of itself.</summary>
internal static class Shortfall
{
    /// <param name="own">End of the log here.</param>
    /// <param name="source">Who knows better: "the lease", or a member with what it has.</param>
    /// <param name="confirmed">What this log must have.</param>
    public static string Tell(LogEnd own, string source, LogEnd confirmed)
    {
        string lacks = confirmed.Offset > own.Offset ? string.Create(CultureInfo.InvariantCulture,
            $"{confirmed.Offset - own.Offset} bytes are missing") : "what is there is of an older epoch";
        string differs = string.Create(
            CultureInfo.InvariantCulture,
            $"this log ends in epoch {own.Epoch} at {own.Offset}, and by {source} this copy had epoch {confirmed.Epoch} up to "
                + $"{confirmed.Offset}");
        return $"{differs}: {lacks}, so this store was put back from an older copy (a snapshot, a backup, another disk)";
    }

    /// <summary>
    /// Tells what a log lacks of what the lease says was confirmed; empty when it lacks nothing, or the lease does not say.
    /// </summary>
    public static string TellLoss(LogEnd own, LeaseRecord? lease) =>
        lease?.Confirmed is { } confirmed && own < new LogEnd(confirmed.Epoch, confirmed.Offset)
            ? string.Create(CultureInfo.InvariantCulture, $" (by the lease epoch {confirmed.Epoch} was confirmed up to "
                + $"{confirmed.Offset}; this log ends in epoch {own.Epoch} at {own.Offset})")
            : string.Empty;

    /// <param name="member">Who refuses.</param>
    /// <param name="end">Of its log.</param>
    /// <param name="known">What it knows to be confirmed.</param>
    /// <param name="at">Where the logs part.</param>
    /// <param name="lease">By which the other one leads.</param>
    /// <param name="masterEnd">End of the other log.</param>
    public static string RefuseCut(string member, long end, LogEnd known, long at, LeaseRecord lease, long masterEnd)
    {
        string master = lease.Holder;
        string says = string.Create(
            CultureInfo.InvariantCulture,
            $"the log of {master}, which leads in epoch {lease.Epoch}, ends at {masterEnd} and parts from this one at {at}; ");
        string knows = string.Create(
            CultureInfo.InvariantCulture,
            $"the log of {member} ends at {end}, and all copies in sync had it up to {known.Offset} (epoch {known.Epoch}): nothing is "
                + $"cut here. ");
        return says + knows
            + $"The store of {master} was probably put back from an older copy: stop {master}, so that a member with these messages leads; "
            + $"if {master} is right all the same, move the store of {member} away and start {member} empty";
    }
}
