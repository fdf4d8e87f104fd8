using RocketOps.Kubernetes;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>
/// Everything a cluster consists of, in the order it is applied: what others refer to comes first, so that no pod ever waits for its
/// configuration or its name.
/// </summary>
internal static class ClusterChildren
{
    public static IEnumerable<IKubernetesObject> Build(ClusterContext context)
    {
        yield return BrokerServiceAccount.Build(context);
        yield return NameServerConfigMap.Build(context);
        yield return NameServerServices.Headless(context);
        yield return NameServerServices.Client(context);
        yield return DisruptionBudgets.NameServer(context);
        yield return NameServerDeployment.Build(context);

        foreach (var group in context.Groups)
        {
            yield return BrokerConfigMap.Build(context, group);
            yield return BrokerServices.Headless(context, group);
            yield return BrokerServices.Master(context, group);
            yield return BrokerServices.Slave(context, group);
            yield return DisruptionBudgets.Group(context, group);
            yield return BrokerStatefulSet.Build(context, group);
        }
    }
}
