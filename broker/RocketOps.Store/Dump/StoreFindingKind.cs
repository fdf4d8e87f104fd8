namespace RocketOps.Store.Dump;

/// <summary>Meaning of a finding for the store.</summary>
public enum StoreFindingKind
{
    /// <summary>Nothing puts it right by itself.</summary>
    Damage,

    /// <summary>The next start puts it right, as the missing end of a queue after a kill.</summary>
    Repairable,

    /// <summary>It may be sound or not: what is needed to check it is not known.</summary>
    Unchecked,
}
