namespace RocketOps.Store.Dump;

/// <summary>Something in a store that is not as it should be, or that nobody could look at.</summary>
/// <param name="Kind">What it means for the store.</param>
/// <param name="Where">File or queue, and the place in it.</param>
/// <param name="What">What is wrong.</param>
public sealed record StoreFinding(StoreFindingKind Kind, string Where, string What);

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

/// <summary>Figures of a verification.</summary>
/// <param name="Messages">Records checked in the log.</param>
/// <param name="Units">Consume-queue units compared with their records.</param>
/// <param name="IndexEntries">Index entries checked.</param>
/// <param name="LogEnd">Where the valid log ends.</param>
/// <param name="Damages">Findings that are damage.</param>
/// <param name="Repairable">Findings that the next start puts right.</param>
/// <param name="Unchecked">What could not be checked.</param>
public sealed record VerifyResult(long Messages, long Units, long IndexEntries, long LogEnd, int Damages, int Repairable, int Unchecked);
