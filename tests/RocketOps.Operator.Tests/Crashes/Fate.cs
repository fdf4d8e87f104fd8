namespace RocketOps.Operator.Tests.Crashes;

/// <summary>What becomes of one write of an operator.</summary>
internal enum Fate
{
    /// <summary>It is done and answered.</summary>
    Serve,

    /// <summary>The operator ends before it: nothing of it is done.</summary>
    DieBefore,

    /// <summary>It is done, and the operator ends before it learns of it.</summary>
    DieAfter,

    /// <summary>The operator is cut off with the write on its way; it is done when the operator is let go on.</summary>
    Freeze,

    /// <summary>Refused with 409: somebody else was faster.</summary>
    Conflict,

    /// <summary>Refused with 429: too many requests.</summary>
    Throttle,

    /// <summary>Refused with 500.</summary>
    Error,

    /// <summary>It is done, and the answer is lost.</summary>
    LoseAnswer,
}
