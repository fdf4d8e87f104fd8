namespace RocketOps.Operator.Clusters.Leadership;

/// <summary>Says who is what in a broker group: the one place that roles and brokerIds come from, for configuration files, plans and status alike.</summary>
internal interface IMemberRoles
{
    /// <param name="group">The group, which is its StatefulSet and its brokerName.</param>
    /// <param name="ordinal">The member's position in the StatefulSet.</param>
    MemberRank RankOf(string group, int ordinal);
}
