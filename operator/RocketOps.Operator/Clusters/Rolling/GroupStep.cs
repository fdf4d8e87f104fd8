namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>What is to be done with a broker group next.</summary>
internal enum GroupStep
{
    /// <summary>Every pod is up to date.</summary>
    None,

    /// <summary>Something is outdated and may not go yet.</summary>
    Wait,

    /// <summary>A pod is deleted; its set makes it again from the current template.</summary>
    Restart,
}
