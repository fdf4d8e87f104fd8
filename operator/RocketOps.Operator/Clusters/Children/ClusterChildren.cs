using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>
/// Everything a cluster consists of, in parts that do not need each other: the name servers, what all brokers read, and each broker group. Inside a part what others refer to comes
/// first, so that no pod ever waits for its configuration or its name.
/// </summary>
internal static class ClusterChildren
{
    public static IEnumerable<IReadOnlyList<IKubernetesObject>> Parts(ClusterContext context)
    {
        ConfigMap? nameServer = context.Kept.NameServers is null ? NameServerConfigMap.Build(context) : null;
        yield return
        [
            BrokerServiceAccount.Build(context),
            .. Present(nameServer),
            NameServerServices.Headless(context),
            NameServerServices.Client(context),
            DisruptionBudgets.NameServer(context),
            NameServerDeployment.Build(context, nameServer?.Name() ?? context.Kept.NameServers!),
        ];

        if (!context.Kept.KeepsBrokers)
        {
            yield return [LiveConfigMap.Build(context)];
        }

        foreach (string group in context.Groups)
        {
            if (!context.IsAddressed(group))
            {
                // The members' configuration names these addresses: the pass that sees them makes the rest.
                yield return [.. AutomaticGroup.Parts(context, group), BrokerServices.Headless(context, group), BrokerServices.Slave(context, group), BrokerServices.Master(context, group)];
                continue;
            }

            ConfigMap? broker = context.Kept.KeepsBrokers ? null : BrokerConfigMap.Build(context, group);
            if ((broker?.Name() ?? context.Kept.Of(group)) is not { } configuration)
            {
                // A group that is not there yet has no configuration to keep, and the one asked for would not be taken.
                continue;
            }

            yield return
            [
                .. Present(broker),
                .. context.IsAutomatic ? AutomaticGroup.Parts(context, group) : [],
                BrokerServices.Headless(context, group),
                BrokerServices.Master(context, group),
                BrokerServices.Slave(context, group),
                DisruptionBudgets.Group(context, group),
                BrokerStatefulSet.Build(context, group, configuration),
            ];
        }
    }

    private static IEnumerable<IKubernetesObject> Present(ConfigMap? configuration) => configuration is null ? [] : [configuration];
}
