using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using RocketOps.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.LeaderElection;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Queues;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Draining;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Growing;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Opening;
using RocketOps.Operator.Clusters.Revisions.Planning;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.ConsumerGroups;
using RocketOps.Operator.Controllers;
using RocketOps.Operator.Definitions;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Metrics;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Reporting.Writing;
using RocketOps.Operator.Rights;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Hosting;

/// <summary>Adds the operator to a host.</summary>
public static class RocketOpsOperatorExtensions
{
    /// <summary>
    /// Label of the objects in the caches of children: nothing else of the API server's objects is of interest, or any of the operator's
    /// business. It is a label of our own, as tools rewrite those that everybody uses.
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
        services.AddSingleton<AdminMetrics>();
        services.AddSingleton(static provider => new ClusterAdmins(
            new FencedAdminFactory(
                new MeasuredAdminFactory(provider.GetRequiredService<IRocketMqAdminFactory>(), provider.GetRequiredService<AdminMetrics>()), provider.GetRequiredService<WriteGuard>()),
            provider.GetRequiredService<IEntityCache<BrokerCluster>>()));
        services.AddSingleton<StatusWriter>();
        services.AddSingleton<IUnreadableReporter, UnreadableReporter>();
        services.AddSingleton<ProtectionPolicy>();
        services.AddSingleton<IMemberRoles, OrdinalRoles>();
        services.AddSingleton<ChildCaches>();
        services.AddSingleton<WaitingPace>();
        services.AddSingleton<ClusterReporter>();
        services.AddSingleton<ClusterObserver>();
        services.AddSingleton<ClusterPass>();
        services.AddSingleton<FirstLookStep>();
        services.AddSingleton<InterimOwner>();
        services.AddSingleton<RefusedGrowth>();
        services.AddSingleton<GrowthStep>();
        services.AddSingleton<ChildrenStep>();
        services.AddSingleton<ElectionRights>();
        services.AddSingleton<ClaimRights>();
        services.AddSingleton<LeaseClock>();
        services.AddSingleton<LeasesStep>();
        services.AddSingleton<ElectedClaimsStep>();
        services.AddSingleton<LiveConfigStep>();
        services.AddSingleton<RolesStep>();
        services.AddSingleton<ServingTimes>();
        services.AddSingleton<RecoveryTimes>();
        services.AddSingleton<FaultTimes>();
        services.AddSingleton<RefusedPodsStep>();
        services.AddSingleton<FailedStarts>();
        services.AddSingleton<RevisionsStep>();
        services.AddSingleton<RollStep>();
        services.AddSingleton<HandOverStep>();
        services.AddSingleton<LiveBrokers>();
        services.AddSingleton<ScaleInStep>();
        services.AddSingleton<ScaleOutStep>();
        services.AddSingleton<GoneMembersStep>();
        services.AddSingleton<DrainProgress>();
        services.AddSingleton<GroupEmptiness>();
        services.AddSingleton<GroupRemoval>();
        services.AddSingleton<DrainStep>();
        services.AddSingleton<GroupFilling>();
        services.AddSingleton<OpeningStep>();
        services.AddSingleton<GoneGroupsStep>();
        services.AddSingleton<OldConfigurationsStep>();
        services.AddSingleton<RegistrationsStep>();
        services.AddSingleton<MemberFiguresStep>();
        services.AddSingleton<GroupsStep>();
        services.AddSingleton<MovesStep>();
        services.AddSingleton<LeftoversStep>();
        services.AddSingleton<PrometheusPage>();
        services.AddSingleton<ClusterMetrics>();

        // Before everything that works with them.
        services.AddSingleton<DefinitionCheck>();
        services.AddHostedService(static provider => provider.GetRequiredService<DefinitionCheck>());

        // Before the runtime, whose first passes count.
        services.AddHostedService(static provider => provider.GetRequiredService<PrometheusPage>());
        services.AddSingleton<ClusterInfos>();
        services.AddSingleton<MasterCalls>();
        services.AddSingleton<DrainCheck>();
        services.AddSingleton<RemovalChecks>();
        services.AddSingleton<RemovalPass>();
        AddTopics(services);
        AddGroups(services);

        services
            .AddKubernetesOperator(settings =>
            {
                settings.Name = FieldManager.Name;
                settings.Domain = EntityGroup.Name;
                settings.Namespaces = options.Namespaces;
                settings.LeaderElection = options.LeaderElection;

                // Longer would leave a cluster alone for minutes after the API server, or a webhook, has come back.
                settings.MaxBackoff = TimeSpan.FromSeconds(30);
                // Where it works, so that two operators of one namespace exclude each other wherever they run, and those of two namespaces do not.
                settings.LeaseNamespace = options.LeaseNamespace ?? (options.Namespaces is [string first, ..] ? first : null);
            })
            .AddEntity(OperatorJsonContext.Default.BrokerCluster)
            .AddEntity(OperatorJsonContext.Default.Topic)
            .AddEntity(OperatorJsonContext.Default.ConsumerGroup)

            // Only groups that elect their master need these; roles of before those may lack the rights.
            .AddCache<Lease>(ManagedChildren, mayBeForbidden: true)
            .AddCache<Role>(ManagedChildren, mayBeForbidden: true)
            .AddCache<RoleBinding>(ManagedChildren, mayBeForbidden: true)
            .AddCache<EndpointSlice>(ManagedChildren, mayBeForbidden: true)

            // Roles of before the operator read these; what claims decide waits for the right (ClaimRights), and consumer groups have no objects then.
            .AddCache<PersistentVolumeClaim>(ManagedChildren, mayBeForbidden: true)
            .AddCache<ConsumerGroup>(mayBeForbidden: true)
            .AddController<BrokerClusterController, BrokerCluster>(static controller => controller
                .WithLogField("cluster", static cluster => cluster.Key())
                .Owns<Deployment>(ManagedChildren)
                .Owns<StatefulSet>(ManagedChildren)
                .Owns<Service>(ManagedChildren)
                .Owns<ConfigMap>(ManagedChildren)
                .Owns<ServiceAccount>(ManagedChildren)
                .Owns<PodDisruptionBudget>(ManagedChildren)
                .Owns<Role>(ManagedChildren)
                .Owns<RoleBinding>(ManagedChildren)
                .Owns<EndpointSlice>(ManagedChildren)
                .Watches<Pod>(ClusterOf, ManagedChildren)
                .Watches<PersistentVolumeClaim>(ClusterOf, ManagedChildren)
                .WokenBy(static (services, wake) => services.GetRequiredService<LeaseClock>().Subscribe(services.GetRequiredService<IInformer<Lease>>().Subscribe, wake)))
            .AddController<TopicController, Topic>(static controller => controller
                .WithLogField("cluster", static topic => topic.Spec.ClusterRef.Key(topic))
                .Watches<BrokerCluster>(TopicsOf, priority: WorkPriority.Low)
                .Watches<Topic>(RivalsOf))
            .AddFinalizer<TopicFinalizer, Topic>(TopicFinalizer.Identifier)
            .AddController<ConsumerGroupController, ConsumerGroup>(static controller => controller
                .WithLogField("cluster", static group => group.Spec.ClusterRef.Key(group))
                .Watches<BrokerCluster>(GroupsOf, priority: WorkPriority.Low)
                .Watches<ConsumerGroup>(RivalsOf))
            .AddFinalizer<ConsumerGroupFinalizer, ConsumerGroup>(ConsumerGroupFinalizer.Identifier);
        return services;
    }

    private static void AddTopics(IServiceCollection services)
    {
        services.AddSingleton<BrokerTopics>();
        services.AddSingleton<TopicRemoval>();
        services.AddSingleton<TopicDrain>();
        services.AddSingleton<DeletedTopicDrain>();
        services.AddSingleton<OrderConfigs>();
        services.AddSingleton<TopicReconciler>();
        services.AddSingleton<UnmanagedTopics>();
        services.AddSingleton<ClusterLook<TopicSettings>>();
        services.AddSingleton(static provider => new MasterIndex<Topic>(
            provider.GetRequiredService<IInformer<Topic>>(), static topic => topic.Spec.ClusterRef.Key(topic), EffectiveName.Of));
        services.AddSingleton(static provider => Rounds(
            provider,
            static async (admin, address, cancellationToken) =>
                (await admin.GetTopicConfigsAsync(address, cancellationToken)).Select(static pair => KeyValuePair.Create(pair.Key, BrokerTopics.Settings(pair.Value)!))));
    }

    private static void AddGroups(IServiceCollection services)
    {
        services.AddSingleton<ConsumerGroupReconciler>();
        services.AddSingleton<ConsumerGroupSummaries>();
        services.AddSingleton<ClusterLook<SubscriptionGroupConfig>>();
        services.AddSingleton(static provider => new MasterIndex<ConsumerGroup>(
            provider.GetRequiredService<IInformer<ConsumerGroup>>(), static group => group.Spec.ClusterRef.Key(group), EffectiveName.Of));
        services.AddSingleton(static provider => Rounds(
            provider, static async (admin, address, cancellationToken) => (IEnumerable<KeyValuePair<string, SubscriptionGroupConfig>>)await admin.GetSubscriptionGroupsAsync(address, cancellationToken)));
    }

    private static MasterRounds<TEntry> Rounds<TEntry>(IServiceProvider services, Func<IRocketMqAdmin, string, CancellationToken, Task<IEnumerable<KeyValuePair<string, TEntry>>>> read)
        where TEntry : class =>
        new(services.GetRequiredService<OperatorOptions>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ClusterInfos>(), read);

    /// <summary>Pods belong to their set, and claims to nobody; their label leads to the cluster.</summary>
    private static IEnumerable<ObjectKey> ClusterOf(IKubernetesObject child) =>
        child.Label(ClusterLabels.Cluster) is { Length: > 0 } cluster ? [new ObjectKey(child.Namespace(), cluster)] : [];

    /// <summary>Topics for which news of their cluster may be news: those that wait, and those that are not on all of its groups. The others notice in their next round.</summary>
    private static IEnumerable<ObjectKey> TopicsOf(IServiceProvider services, BrokerCluster cluster) =>
        services.GetRequiredService<MasterIndex<Topic>>().Of(cluster)
            .Where(topic => cluster.IsDeleting() || !Conditions.IsTrue(topic.Status?.Conditions, ConditionTypes.Ready) || (topic.Status?.Brokers?.Count ?? 0) < (topic.Spec.Groups?.Count ?? cluster.Spec.Brokers.Groups) || topic.Status?.Brokers?.Count > cluster.Status?.Groups?.Count)
            .Select(static topic => topic.Key());

    /// <summary>Returns the rivals of a topic's object: when one that has the topic goes, the one that waited for it takes over.</summary>
    private static IEnumerable<ObjectKey> RivalsOf(IServiceProvider services, Topic topic) =>
        TopicOwnership.Rivals(topic, services.GetRequiredService<MasterIndex<Topic>>().Same(topic)).Select(static rival => rival.Key());

    /// <summary>Returns the consumer groups for which news of their cluster may be news, as for topics.</summary>
    private static IEnumerable<ObjectKey> GroupsOf(IServiceProvider services, BrokerCluster cluster) =>
        services.GetRequiredService<MasterIndex<ConsumerGroup>>().Of(cluster)
            .Where(group => cluster.IsDeleting() || !Conditions.IsTrue(group.Status?.Conditions, ConditionTypes.Ready) || (group.Status?.Brokers?.Count ?? 0) < cluster.Spec.Brokers.Groups)
            .Select(static group => group.Key());

    private static IEnumerable<ObjectKey> RivalsOf(IServiceProvider services, ConsumerGroup group) =>
        ConsumerGroupOwnership.Rivals(group, services.GetRequiredService<MasterIndex<ConsumerGroup>>().Same(group)).Select(static rival => rival.Key());
}
