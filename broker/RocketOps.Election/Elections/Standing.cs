namespace RocketOps.Election.Elections;

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
