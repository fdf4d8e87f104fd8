using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Queues;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Hosting;

/// <summary>Adds the operator to a host.</summary>
public static class RocketOpsOperatorExtensions
{
    /// <summary>
    /// What the caches of children hold: nothing else of the API server's objects is of interest, or any of the operator's business. By a label of our own, as tools
    /// rewrite those that everybody uses.
    /// </summary>
    private const string ManagedChildren = ClusterLabels.Cluster;

    /// <summary>
    /// The controllers of all RocketOps kinds, as a hosted service. Needs a Kubernetes client in the container, see
    /// <see cref="OperatorServiceCollectionExtensions.AddKubernetesClient"/>, and the CRDs on the server.
    /// </summary>
    public static IServiceCollection AddRocketOpsOperator(this IServiceCollection services, OperatorOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);

        services.AddSingleton(options);
        services.TryAddSingleton<IRocketMqAdminFactory, RocketMqAdminFactory>();
        services.AddSingleton<ClusterAdmins>();
        services.AddSingleton<StatusWriter>();
        services.AddSingleton<IGroupLeadership, OrdinalLeadership>();
        services.AddSingleton(Caches);
        services.AddSingleton<ChildrenStep>();
        services.AddSingleton<LeasesStep>();
        services.AddSingleton<RolesStep>();
        services.AddSingleton<RollStep>();
        services.AddSingleton<HandOverStep>();
        services.AddSingleton<LiveBrokers>();
        services.AddSingleton<ScaleInStep>();
        services.AddSingleton<OldConfigurationsStep>();
        services.AddSingleton<RegistrationsStep>();
        services.AddSingleton<MemberFiguresStep>();
        services.AddSingleton<BrokerTopics>();
        services.AddSingleton<ClusterTopics>();
        services.AddSingleton<TopicPass>();
        services.AddSingleton<TopicIndex>();

        services
            .AddKubernetesOperator(settings =>
            {
                settings.Name = FieldManager.Name;
                settings.Domain = EntityGroup.Name;
                settings.Namespace = options.Namespace;
                settings.LeaderElection = options.LeaderElection;

                // Longer would leave a cluster alone for minutes after the API server, or a webhook, has come back.
                settings.MaxBackoff = TimeSpan.FromSeconds(30);
                // Where it works, so that two operators of one namespace exclude each other wherever they run, and those of two namespaces do not.
                settings.LeaseNamespace = options.LeaseNamespace ?? options.Namespace;
            })
            .AddEntity(OperatorJsonContext.Default.BrokerCluster)
            .AddEntity(OperatorJsonContext.Default.Topic)
            .AddController<BrokerClusterController, BrokerCluster>(static controller => controller
                .Owns<Deployment>(ManagedChildren)
                .Owns<StatefulSet>(ManagedChildren)
                .Owns<Service>(ManagedChildren)
                .Owns<ConfigMap>(ManagedChildren)
                .Owns<ServiceAccount>(ManagedChildren)
                .Owns<PodDisruptionBudget>(ManagedChildren)
                .Owns<Role>(ManagedChildren)
                .Owns<RoleBinding>(ManagedChildren)
                .Owns<EndpointSlice>(ManagedChildren)
                .Watches<Pod>(ClusterOf, ManagedChildren))
            .AddController<TopicController, Topic>(static controller => controller
                .Watches<BrokerCluster>(TopicsOf, priority: WorkPriority.Low)
                .Watches<Topic>(RivalsOf))
            .AddFinalizer<TopicFinalizer, Topic>(TopicFinalizer.Identifier);
        return services;
    }

    private static ChildCaches Caches(IServiceProvider services) => new(
        services.GetRequiredService<IEntityCache<Deployment>>(),
        services.GetRequiredService<IEntityCache<StatefulSet>>(),
        services.GetRequiredService<IEntityCache<Service>>(),
        services.GetRequiredService<IEntityCache<ConfigMap>>(),
        services.GetRequiredService<IEntityCache<ServiceAccount>>(),
        services.GetRequiredService<IEntityCache<PodDisruptionBudget>>(),
        services.GetRequiredService<IEntityCache<Role>>(),
        services.GetRequiredService<IEntityCache<RoleBinding>>(),
        services.GetRequiredService<IEntityCache<EndpointSlice>>(),
        services.GetRequiredService<IEntityCache<Pod>>());

    /// <summary>Pods belong to their set, not to the cluster; their label leads there.</summary>
    private static IEnumerable<ObjectKey> ClusterOf(Pod pod) =>
        pod.Label(ClusterLabels.Cluster) is { Length: > 0 } cluster ? [new ObjectKey(pod.Namespace(), cluster)] : [];

    /// <summary>Topics for which news of their cluster may be news: those that wait, and those that are not on all of its groups. The others notice in their next round.</summary>
    private static IEnumerable<ObjectKey> TopicsOf(IServiceProvider services, BrokerCluster cluster) =>
        services.GetRequiredService<TopicIndex>().Of(cluster)
            .Where(topic => cluster.IsDeleting() || !Conditions.IsTrue(topic.Status?.Conditions, ConditionTypes.Ready) || (topic.Status?.Brokers?.Count ?? 0) < cluster.Spec.Brokers.Groups)
            .Select(static topic => topic.Key());

    /// <summary>When an object that has a topic goes, the one that waited for it takes over.</summary>
    private static IEnumerable<ObjectKey> RivalsOf(IServiceProvider services, Topic topic) =>
        TopicOwnership.Rivals(topic, services.GetRequiredService<TopicIndex>().SameTopic(topic)).Select(static rival => rival.Key());
}
