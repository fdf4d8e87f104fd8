using RocketOps.Election.Leases;

namespace RocketOps.Election.Elections;

/// <summary>An attempt to take the lease.</summary>
/// <param name="Write">What was sent.</param>
/// <param name="By">What right.</param>
/// <param name="Former">Who held the lease and did not renew it; empty when nobody did.</param>
/// <param name="Lack">
/// Text for people: what this log lacks of what the lease says was confirmed; empty when it lacks nothing, or that is not known.
/// </param>
internal sealed record Acquisition(LeaseRequest Write, Standing By, string Former, string Lack)
{
    /// <summary>Text for people: what is lost when the lease is taken by that right; empty when nothing is to be said.</summary>
    public string Loss => By switch
    {
        Standing.Recovery => " by recovery, as every copy that was in sync may have lost what it had: what no other member had either is "
            + "lost" + Lack,
        Standing.Unclean => " as a person has permitted: what only copies in sync had is lost" + Lack,
        _ => string.Empty,
    };
}

/// <summary>Right by which a member may take the lease.</summary>
internal enum Standing
{
    /// <summary>No right.</summary>
    None = 0,

    /// <summary>Its copy is in sync.</summary>
    InSync,

    /// <summary>There is no lease, and everybody is asked.</summary>
    Founder,

    /// <summary>No copy that is in sync is what it was, and everybody is asked.</summary>
    Recovery,

    /// <summary>A person permits it for the next epoch.</summary>
    Unclean,
}
