using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>
/// Everything a cluster consists of, in parts that do not need each other: the name servers, and each broker group. Inside a part what others refer to comes
/// first, so that no pod ever waits for its configuration or its name.
/// </summary>
internal static class ClusterChildren
{
    public static IEnumerable<IReadOnlyList<IKubernetesObject>> Parts(ClusterContext context)
    {
        ConfigMap nameServer = NameServerConfigMap.Build(context);
        yield return
        [
            BrokerServiceAccount.Build(context),
            nameServer,
            NameServerServices.Headless(context),
            NameServerServices.Client(context),
            DisruptionBudgets.NameServer(context),
            NameServerDeployment.Build(context, nameServer.Name()),
        ];

        foreach (string group in context.Groups)
        {
            ConfigMap broker = BrokerConfigMap.Build(context, group);
            yield return
            [
                broker,
                BrokerServices.Headless(context, group),
                BrokerServices.Master(context, group),
                BrokerServices.Slave(context, group),
                DisruptionBudgets.Group(context, group),
                BrokerStatefulSet.Build(context, group, broker.Name()),
            ];
        }
    }
}
