using RocketOps.Kubernetes;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>
/// Everything a cluster consists of, in parts that do not need each other: the name servers, and each broker group. Inside a part what others refer to comes
/// first, so that no pod ever waits for its configuration or its name.
/// </summary>
internal static class ClusterChildren
{
    public static IEnumerable<IReadOnlyList<IKubernetesObject>> Parts(ClusterContext context)
    {
        yield return
        [
            BrokerServiceAccount.Build(context),
            NameServerConfigMap.Build(context),
            NameServerServices.Headless(context),
            NameServerServices.Client(context),
            DisruptionBudgets.NameServer(context),
            NameServerDeployment.Build(context),
        ];

        foreach (string group in context.Groups)
        {
            yield return
            [
                BrokerConfigMap.Build(context, group),
                BrokerServices.Headless(context, group),
                BrokerServices.Master(context, group),
                BrokerServices.Slave(context, group),
                DisruptionBudgets.Group(context, group),
                BrokerStatefulSet.Build(context, group),
            ];
        }
    }
}
