namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>State of the name servers: whether clients would learn from them where a broker that restarts has gone.</summary>
internal enum NameServerState
{
    /// <summary>Every name server that serves answered the operator.</summary>
    Answering,

    /// <summary>None serves, or one that serves does not answer.</summary>
    Silent,

    /// <summary>They are being replaced themselves.</summary>
    Replaced,
}
