namespace RocketOps.Store.Dump;

/// <summary>Figures of a verification.</summary>
/// <param name="Messages">Records checked in the log.</param>
/// <param name="Units">Consume-queue units compared with their records.</param>
/// <param name="IndexEntries">Index entries checked.</param>
/// <param name="LogEnd">Where the valid log ends.</param>
/// <param name="Damages">Findings that are damage.</param>
/// <param name="Repairable">Findings that the next start puts right.</param>
/// <param name="Unchecked">What could not be checked.</param>
public sealed record VerifyResult(long Messages, long Units, long IndexEntries, long LogEnd, int Damages, int Repairable, int Unchecked);
