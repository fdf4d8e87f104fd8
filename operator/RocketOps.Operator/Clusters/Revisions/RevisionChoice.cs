namespace RocketOps.Operator.Clusters.Revisions;

/// <summary>Choice of the template that the set of a group gets.</summary>
internal enum RevisionChoice
{
    /// <summary>The one that is asked for.</summary>
    Give,

    /// <summary>The one it has.</summary>
    Keep,

    /// <summary>The last one a pod of which served, instead of one that was not proven.</summary>
    Return,
}
