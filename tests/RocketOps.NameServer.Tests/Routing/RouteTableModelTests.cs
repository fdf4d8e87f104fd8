using FsCheck;
using FsCheck.Fluent;
using RocketOps.NameServer.Routing;
using RocketOps.NameServer.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Time;

namespace RocketOps.NameServer.Tests.Routing;

public sealed class RouteTableModelTests
{
    [Fact]
    public void AnySequence_OfRequests_LeavesWhatTheModelSays()
    {
        Gen<Action<ITarget>> step = Gen.Frequency((6, Register()), (2, Unregister()), (1, DeleteTopic()), (1, Permission()));

        Prop.ForAll(step.ArrayOf().ToArbitrary(), steps =>
        {
            RouteTable table = new(new RouteTableOptions(), new FakeTimeProvider());
            RouteTableModel model = new();
            foreach (Action<ITarget> act in steps)
            {
                string? refused = Try(() => act(new TableTarget(table)));
                Try(() => act(new ModelTarget(model))).Should().Be(refused);
                AssertSame(table, model);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    private static Gen<Action<ITarget>> Register() =>
        from broker in Gen.Elements("a", "b")
        from id in Gen.Elements(0L, 1L, 2L)
        from address in Gen.Elements("h:1", "h:2", "h:3")
        from version in Gen.Elements(1L, 2L)
        from state in Gen.Elements(0L, 0L, 1L)
        from cluster in Gen.Elements("C", "C", "D")
        from acting in Gen.Elements<bool?>(null, false, true)
        from topics in Gen.SubListOf("T", "U", "V")
        from perm in Gen.Elements(4, 6)
        select (Action<ITarget>)(target => target.Register(Registrations.Of(broker, id, address, version, cluster, acting, state) with
        {
            Topics = [.. topics.Select(topic => new TopicRegistration(topic, (int)version, (int)version, perm, 0))],
        }));

    private static Gen<Action<ITarget>> Unregister() =>
        from broker in Gen.Elements("a", "b")
        from address in Gen.Elements("h:1", "h:2", "h:3")
        from cluster in Gen.Elements("C", "C", "D")
        select (Action<ITarget>)(target => target.Unregister(cluster, broker, address));

    private static Gen<Action<ITarget>> DeleteTopic() =>
        from topic in Gen.Elements("T", "U")
        from cluster in Gen.Elements<string?>(null, "C", "D")
        select (Action<ITarget>)(target => target.DeleteTopic(topic, cluster));

    private static Gen<Action<ITarget>> Permission() =>
        from broker in Gen.Elements("a", "b")
        from writable in Gen.Elements(true, false)
        select (Action<ITarget>)(target => target.SetWritePermission(broker, writable));

    private static string? Try(Action act)
    {
        try
        {
            act();
            return null;
        }
        catch (RemotingCommandException refusal)
        {
            return refusal.Message;
        }
    }

    private static void AssertSame(RouteTable table, RouteTableModel model)
    {
        RouteSnapshot snapshot = table.Snapshot;
        string actual = string.Join('\n', Describe(
            snapshot.Topics.ToDictionary(static pair => pair.Key, static pair => (IEnumerable<QueueData>)pair.Value.Queues, StringComparer.Ordinal),
            snapshot.Groups.Select(static pair => (pair.Key, pair.Value.Cluster, (IEnumerable<KeyValuePair<long, string>>)pair.Value.Addresses)),
            snapshot.Clusters.Select(static pair => (pair.Key, (IEnumerable<string>)pair.Value))));
        string expected = string.Join('\n', Describe(
            model.Topics.ToDictionary(static pair => pair.Key, static pair => (IEnumerable<QueueData>)pair.Value.Values, StringComparer.Ordinal),
            model.Groups.Select(static pair => (pair.Key, pair.Value.Cluster, (IEnumerable<KeyValuePair<long, string>>)pair.Value.Addresses)),
            model.Clusters.Select(static pair => (pair.Key, (IEnumerable<string>)pair.Value))));
        actual.Should().Be(expected);
        table.BrokerCount.Should().Be(model.Live.Count);
    }

    private static IEnumerable<string> Describe(
        Dictionary<string, IEnumerable<QueueData>> topics,
        IEnumerable<(string Name, string Cluster, IEnumerable<KeyValuePair<long, string>> Addresses)> groups,
        IEnumerable<(string Cluster, IEnumerable<string> Names)> clusters) =>
    [
        .. topics.OrderBy(static topic => topic.Key, StringComparer.Ordinal).Select(static topic => $"topic {topic.Key}: {string.Join(' ', topic.Value)}"),
        .. groups.OrderBy(static group => group.Name, StringComparer.Ordinal).Select(static group => $"group {group.Name} of {group.Cluster}: {string.Join(' ', group.Addresses)}"),
        .. clusters.OrderBy(static cluster => cluster.Cluster, StringComparer.Ordinal).Select(static cluster => $"cluster {cluster.Cluster}: {string.Join(' ', cluster.Names)}"),
    ];

    private interface ITarget
    {
        void Register(BrokerRegistration broker);

        void Unregister(string cluster, string brokerName, string address);

        void DeleteTopic(string topic, string? cluster);

        void SetWritePermission(string brokerName, bool writable);
    }

    private sealed class TableTarget(RouteTable table) : ITarget
    {
        public void Register(BrokerRegistration broker) => table.Register(broker);

        public void Unregister(string cluster, string brokerName, string address) => table.Unregister(cluster, brokerName, address);

        public void DeleteTopic(string topic, string? cluster) => table.DeleteTopic(topic, cluster);

        public void SetWritePermission(string brokerName, bool writable) => table.SetWritePermission(brokerName, writable);
    }

    private sealed class ModelTarget(RouteTableModel model) : ITarget
    {
        public void Register(BrokerRegistration broker) => model.Register(broker);

        public void Unregister(string cluster, string brokerName, string address) => model.Unregister(cluster, brokerName, address);

        public void DeleteTopic(string topic, string? cluster) => model.DeleteTopic(topic, cluster);

        public void SetWritePermission(string brokerName, bool writable) => model.SetWritePermission(brokerName, writable);
    }
}
