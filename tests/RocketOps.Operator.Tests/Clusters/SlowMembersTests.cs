using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using RocketOps.Client;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Metrics;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Opening;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Clusters;

/// <summary>Members answer each request in half of the time that one may take: what several requests do is done all the same, and nobody is said not to answer.</summary>
public sealed class SlowMembersTests : IAsyncDisposable
{
    private const int Many = 5;

    private readonly FakeTimeProvider _time = new();
    private readonly OperatorOptions _options = new();
    private readonly FakeAdmin _admin = new();
    private readonly IKubernetesClient _client = Substitute.For<IKubernetesClient>();
    private readonly ClusterAdmins _admins;
    private readonly MasterCalls _calls;
    private readonly BrokerCluster _cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = "default", Uid = "cluster" } };

    public SlowMembersTests()
    {
        _admins = new ClusterAdmins(new FakeAdminFactory(_admin), Substitute.For<IEntityCache<BrokerCluster>>());
        _calls = new MasterCalls(_options, _time);
        _cluster.Spec.Brokers.Groups = 2;
        _cluster.Spec.Brokers.Replicas = 2;
        _admin.Fault = _ => _time.Advance(_options.AdminTimeout / 2);
    }

    public ValueTask DisposeAsync() => _admins.DisposeAsync();

    [Fact]
    public async Task NewGroup_ManyTopics_EachPassComesFurtherAndItIsOpened()
    {
        for (int topic = 0; topic < Many; topic++)
        {
            _admin.Put(Address("a-0-0"), new TopicConfig { Name = string.Create(CultureInfo.InvariantCulture, $"T{topic}") });
        }

        _admin.Put(Address("a-0-0"), new SubscriptionGroupConfig { Name = "billing" });
        ConfigMap closure = GroupClosureMap.Build(Context(), "a-1");

        List<string> said = [];
        while (await OpenAsync(closure) is { Phase: OperationPhase.Filling } plan)
        {
            said.Add(plan.Message);
            said.Count.Should().BeLessThan(Many, "each pass comes further");
        }

        said.Should().HaveCountGreaterThan(1).And.OnlyHaveUniqueItems();
        said[0].Should().Be("a-1 is new and takes no messages yet; it waits for the operator, which copies the other groups' topics and consumer groups and has come to T0.");
        _admin.TopicsOf(Address("a-1-0")).Should().HaveCount(Many);
        _admin.Group(Address("a-1-0"), "billing").Should().NotBeNull();
        await _client.Received(1).PatchAsync<ConfigMap>("a-1-closed", "default", Arg.Any<KubernetesPatch>(), Arg.Any<WriteOptions>(), Arg.Any<CancellationToken>());
    }

    [Fact]
    public async Task OpenedGroup_EveryMemberIsTold()
    {
        ConfigMap opened = GroupClosureMap.Build(Context(), "a-1");
        opened.Data!.Clear();
        (_admin.Permissions[Address("a-1-0")], _admin.Permissions[Address("a-1-1")]) = ("4", "4");

        OpeningPlan? plan = await OpenAsync(opened);

        plan!.Message.Should().Be("a-1 is new, has what it needs, and takes messages now.");
        _admin.Writes.Should().Equal($"{Address("a-1-1")} permission 6", $"{Address("a-1-0")} permission 6");
    }

    [Fact]
    public async Task LiveConfiguration_EveryMemberTakesIt()
    {
        _cluster.Spec.Brokers.Config = new() { ["maxParkedPulls"] = "200" };
        ConfigMap map = LiveConfigMap.Build(Context());
        _client.GetAsync<ConfigMap>(map.Name(), "default", Arg.Any<CancellationToken>()).Returns(map);
        IMeterFactory meters = Substitute.For<IMeterFactory>();
        meters.Create(Arg.Any<MeterOptions>()).Returns(static call => new Meter(call.Arg<MeterOptions>()));
        LiveConfigStep step = new(
            _client,
            new ServerSideApplier(_client, new ServerSideApplierOptions { FieldManager = "test", HashAnnotation = "test" }),
            Cache<ConfigMap>(),
            _admins,
            _calls,
            _options,
            Substitute.For<IEventRecorder>(),
            new ControllerMetrics(meters),
            _time,
            NullLogger<LiveConfigStep>.Instance);

        LiveConfigOutcome outcome = await step.RunAsync(Context(), Observation(), Groups(), map, CancellationToken.None);

        outcome.Should().Be(LiveConfigOutcome.Nothing);
        _admin.Writes.Should().BeEquivalentTo(Members().Select(static member => $"{Address(member.Pod)} config maxParkedPulls=200"));
    }

    private static IEntityCache<T> Cache<T>()
        where T : class, IKubernetesObject => Substitute.For<IEntityCache<T>>();

    private static MasterIndex<T> Objects<T>(Func<T, string> name, Func<T, ObjectKey> cluster)
        where T : class, IKubernetesObject
    {
        IInformer<T> cache = Substitute.For<IInformer<T>>();
        cache.Unreadable.Returns(new Dictionary<ObjectKey, string>());
        cache.ByIndex(Arg.Any<string>(), Arg.Any<string>()).Returns([]);
        return new MasterIndex<T>(cache, cluster, name);
    }

    private async Task<OpeningPlan?> OpenAsync(ConfigMap closure)
    {
        GroupFilling filling = new(
            Objects<Topic>(EffectiveName.Of, static topic => topic.Spec.ClusterRef.Key(topic)),
            Objects<ConsumerGroup>(EffectiveName.Of, static group => group.Spec.ClusterRef.Key(group)),
            _calls,
            _options,
            _time);
        OpeningStep step = new(_client, _admins, filling, _calls, _options, Substitute.For<IEventRecorder>(), _time, NullLogger<OpeningStep>.Instance);
        ClusterObservation observation = Observation() with { Closures = new Dictionary<string, ConfigMap>(StringComparer.Ordinal) { ["a-1"] = closure } };
        return (await step.RunAsync(Context(), observation, Groups(), CancellationToken.None)).SingleOrDefault();
    }

    private ClusterContext Context() => new(_cluster, new OperatorImages("broker", "nameserver"), new OrdinalRoles());

    private static string Address(string pod) => $"10.0.{pod[2]}.{pod[4]}:10911";

    private static ClusterObservation Observation() => new(null, [], [.. Members().Select(static member => new Pod
    {
        Metadata = new ObjectMeta { Name = member.Pod, Namespace = "default" },
        Status = new PodStatus { PodIP = Address(member.Pod).Split(':')[0] },
    })], []);

    private static ObservedGroup[] Groups() => [.. Members().GroupBy(static member => member.Group).Select(static group => new ObservedGroup(group.Key, null, [.. group]))];

    private static IEnumerable<ObservedMember> Members() =>
        from @group in Enumerable.Range(0, 2)
        from ordinal in Enumerable.Range(0, 2)
        select new ObservedMember(
            $"a-{@group}", $"a-{@group}-{ordinal}", ordinal, new MemberRank(ordinal == 0 ? BrokerMemberRole.Master : BrokerMemberRole.Slave, ordinal), new MemberPod($"uid-{@group}-{ordinal}", Ready: true, Outdated: false, Terminating: false), MemberFigures.Unknown, Registered: true);
}
