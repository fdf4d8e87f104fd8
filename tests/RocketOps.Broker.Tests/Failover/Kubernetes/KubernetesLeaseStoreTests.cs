using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using RocketOps.Broker.Failover.Kubernetes;
using RocketOps.Broker.Failover.Leases;
using RocketOps.Election.Leases;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover.Kubernetes;

public sealed class KubernetesLeaseStoreTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _ended = new();
    private readonly List<Task> _watches = [];
    private ApiFixture _api = null!;
    private KubernetesLeaseStore _store = null!;

    private static CancellationToken Cancellation => CancellationToken.None;

    public async Task InitializeAsync()
    {
        _api = await ApiFixture.StartAsync();
        _store = Store();
    }

    public async Task DisposeAsync()
    {
        await _ended.CancelAsync();
        await Task.WhenAll(_watches).ContinueWith(static _ => { }, TaskScheduler.Default);
        await _api.DisposeAsync();
        _ended.Dispose();
    }

    [Fact]
    public async Task TryWrite_WhatIsReadAfterwards_IsTheWholeRecord()
    {
        LeaseRecord record = Record(7) with { HandOverTo = "orders-0-2", UncleanEpoch = 8, Confirmed = new ConfirmedLog(3, 6, 1L << 40), KeyDigests = KeyDigests.Parse($"orders-0-0={new string('a', 64)},orders-0-1={new string('b', 64)}") };

        (await _store.ReadAsync(Cancellation)).Should().BeNull("nobody has written it");
        string? version = await _store.TryWriteAsync(record, null, Cancellation);
        VersionedLease? read = await Store().ReadAsync(Cancellation);

        read!.Version.Should().Be(version);
        read.Record.Should().BeEquivalentTo(record);
    }

    /// <summary>
    /// A master of a version that does not know what was confirmed leaves the annotation there as it was, and may lead with less by a
    /// person's permission.
    /// </summary>
    [Theory]
    [InlineData("7/3/6/100", true)]
    [InlineData("6/3/6/100", false)]
    [InlineData("7/3/6", false)]
    [InlineData("7/3/6/-1", false)]
    [InlineData("7/3/6/x", false)]
    [InlineData("", false)]
    public async Task Read_WhatIsConfirmed_CountsInTheEpochThatItNames(string annotation, bool counts)
    {
        await _store.TryWriteAsync(Record(7) with { Confirmed = new ConfirmedLog(1, 1, 1) }, null, Cancellation);
        ((string)(await _api.SendAsync("GET", ApiFixture.Lease))["metadata"]!["annotations"]!["rocketops.io/confirmed"]!).Should().Be("7/1/1/1");

        await _api.MergeAsync(ApiFixture.Lease, $$$$"""{"metadata":{"annotations":{"rocketops.io/confirmed":"{{{{annotation}}}}"}}}""");

        (await Store().ReadAsync(Cancellation))!.Record.Confirmed.Should().Be(counts ? new ConfirmedLog(3, 6, 100) : null);
    }

    [Fact]
    public async Task TryWrite_OfAReleasedLease_HasNoHolderAndItsSuccessor()
    {
        LeaseRecord released = Record(7) with { Holder = string.Empty, HolderAddress = string.Empty, Successor = "orders-0-1" };
        await _store.TryWriteAsync(released, await _store.TryWriteAsync(Record(7), null, Cancellation), Cancellation);

        (await Store().ReadAsync(Cancellation))!.Record.Should().BeEquivalentTo(released);
    }

    [Fact]
    public async Task TryWrite_PeopleSee_WhatTheLeaseSays()
    {
        await _store.TryWriteAsync(Record(7), null, Cancellation);
        JsonObject lease = await _api.SendAsync("GET", ApiFixture.Lease);

        ((string)lease["spec"]!["holderIdentity"]!).Should().Be("orders-0-0");
        ((int)lease["spec"]!["leaseTransitions"]!).Should().Be(7);
        ((int)lease["spec"]!["leaseDurationSeconds"]!).Should().Be(6);
        ((string)lease["spec"]!["renewTime"]!).Should().Be("2026-11-21T01:02:03.456789Z");
        ((string)lease["metadata"]!["annotations"]!["rocketops.io/in-sync"]!).Should().Be("orders-0-0/1,orders-0-1/2");
    }

    [Fact]
    public async Task TryWrite_OfANewEpoch_TellsHowItCameAbout()
    {
        LeaseRecord first = Record(7);
        string version = (await _store.TryWriteAsync(first, null, Cancellation))!;
        LeaseRecord taken = first with { Holder = "orders-0-1", Epoch = 8, RenewTime = first.RenewTime.AddSeconds(6.5) };
        version = (await _store.TryWriteAsync(taken, version, Cancellation))!;
        (await HistoryAsync()).Should().Be("orders-0-0 had renewed epoch 7 6.5 s before for the last time.");

        LeaseRecord released = taken with { Holder = string.Empty, Successor = "orders-0-0", RenewTime = taken.RenewTime.AddSeconds(60) };
        version = (await _store.TryWriteAsync(released, version, Cancellation))!;
        await _store.TryWriteAsync(first with { Epoch = 9, RenewTime = released.RenewTime.AddSeconds(0.3) }, version, Cancellation);

        (await HistoryAsync()).Should().Be("Epoch 8 was handed over to it; nobody led for 0.3 s.");

        async Task<string?> HistoryAsync() => (string?)(await _api.SendAsync("GET", ApiFixture.Lease))["metadata"]!["annotations"]!["rocketops.io/history"];
    }

    [Fact]
    public async Task TryWrite_AnotherVersionIsThere_WritesNothing()
    {
        string first = (await _store.TryWriteAsync(Record(1), null, Cancellation))!;
        string second = (await _store.TryWriteAsync(Record(1) with { HolderAddress = "elsewhere:1" }, first, Cancellation))!;

        second.Should().NotBe(first);
        (await _store.TryWriteAsync(Record(2), first, Cancellation)).Should().BeNull("a later one is there");
        (await Store().TryWriteAsync(Record(2), first, Cancellation)).Should().BeNull("also for one that has to look first");
        (await _store.TryWriteAsync(Record(2), null, Cancellation)).Should().BeNull("there is one");
        (await _store.ReadAsync(Cancellation))!.Record.Epoch.Should().Be(1);
    }

    [Fact]
    public async Task TryWrite_TheLeaseWasDeleted_WritesNothing()
    {
        string version = (await _store.TryWriteAsync(Record(1), null, Cancellation))!;
        await _api.SendAsync("DELETE", ApiFixture.Lease);

        (await _store.TryWriteAsync(Record(1), version, Cancellation)).Should().BeNull("who holds a lease that is gone has to know it");
        (await _store.ReadAsync(Cancellation)).Should().BeNull();
        (await _store.TryWriteAsync(Record(2), null, Cancellation)).Should().NotBeNull("and then it may be founded anew");
    }

    [Fact]
    public async Task TryWrite_ManyAtTheSameTime_EachVersionIsReplacedOnce()
    {
        await _store.TryWriteAsync(Record(1), null, Cancellation);

        int[] written = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            KubernetesLeaseStore store = Store();
            int successes = 0;
            for (int i = 0; i < 10; i++)
            {
                VersionedLease seen = (await store.ReadAsync(Cancellation))!;
                successes += await store.TryWriteAsync(seen.Record with { Epoch = seen.Record.Epoch + 1 }, seen.Version, Cancellation) is null ? 0 : 1;
            }

            return successes;
        })));

        written.Sum().Should().BePositive();
        (await _store.ReadAsync(Cancellation))!.Record.Epoch.Should().Be(1 + written.Sum(), "no success was overwritten by another");
    }

    [Fact]
    public async Task TryWrite_WhatOthersAddedToTheLease_Stays()
    {
        string version = (await _store.TryWriteAsync(Record(1), null, Cancellation))!;
        await _api.MergeAsync(ApiFixture.Lease, """{"metadata":{"labels":{"team":"orders"},"annotations":{"example.org/note":"kept"}}}""");

        (await _store.TryWriteAsync(Record(1), version, Cancellation)).Should().BeNull("it is another version");
        VersionedLease seen = (await _store.ReadAsync(Cancellation))!;
        await _store.TryWriteAsync(Record(2), seen.Version, Cancellation);

        JsonObject lease = await _api.SendAsync("GET", ApiFixture.Lease);
        ((string)lease["metadata"]!["labels"]!["team"]!).Should().Be("orders");
        ((string)lease["metadata"]!["annotations"]!["example.org/note"]!).Should().Be("kept");
    }

    [Fact]
    public async Task TryWrite_TheAnswerIsLost_IsToldAndSeenAfterwards()
    {
        string version = (await _store.TryWriteAsync(Record(1), null, Cancellation))!;
        _api.Server.FaultHook = static call => call.Verb == "update" ? ApiFault.LoseAnswer : null;

        await _store.Awaiting(store => store.TryWriteAsync(Record(2), version, Cancellation)).Should().ThrowAsync<LeaseStoreException>();

        (await _store.ReadAsync(Cancellation))!.Record.Epoch.Should().Be(2);
    }

    [Theory]
    [InlineData(403, "Role")]
    [InlineData(500, "500")]
    [InlineData(429, "429")]
    public async Task Read_TheServerRefuses_IsToldWithWhatToDo(int code, string word)
    {
        int asked = 0;
        _api.Server.FaultHook = _ =>
        {
            asked++;
            return ApiFault.Fail(code);
        };

        (await _store.Awaiting(static store => store.ReadAsync(Cancellation)).Should().ThrowAsync<LeaseStoreException>()).Which.Message.Should().Contain(word);
        asked.Should().Be(1, "the group's loops ask again");
    }

    [Fact]
    public async Task Read_TheServerIsSilent_EndsWithinTheRequestsTime()
    {
        FakeTimeProvider time = new();
        using KubernetesClient api = _api.Client(TimeSpan.FromMinutes(1), time);
        KubernetesLeaseStore store = new(api, "default", "orders-0", time);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _api.Server.FaultHook = _ =>
        {
            asked.TrySetResult();
            return new ApiFault { Delay = TimeSpan.FromMinutes(10) };
        };

        Task<VersionedLease?> read = store.ReadAsync(Cancellation);
        await asked.Task.WaitAsync(Patience);
        time.Advance(TimeSpan.FromMinutes(1));

        (await FluentActions.Awaiting(() => read.WaitAsync(Patience)).Should().ThrowAsync<LeaseStoreException>()).Which.Message.Should().Contain("00:01:00");
    }

    [Fact]
    public async Task Read_TheConnectionHasVanished_TheNextRequestTakesAnother()
    {
        FakeTimeProvider time = new();
        await using VanishingPath path = new(_api.Server.Address.Port);
        using KubernetesClient api = _api.Client(TimeSpan.FromMinutes(1), time, path.Port);
        KubernetesLeaseStore store = new(api, "default", "orders-0", time);
        (await store.ReadAsync(Cancellation)).Should().BeNull();

        path.Vanish();
        Task<VersionedLease?> lost = store.ReadAsync(Cancellation);
        await path.Swallowed.WaitAsync(Patience);
        time.Advance(TimeSpan.FromMinutes(1));
        await FluentActions.Awaiting(() => lost.WaitAsync(Patience)).Should().ThrowAsync<LeaseStoreException>();

        (await store.ReadAsync(Cancellation).WaitAsync(Patience)).Should().BeNull("a request that is given up takes its connection along");
    }

    [Fact]
    public async Task Read_TheTokenHasChanged_TakesTheNewOne()
    {
        string token = await File.ReadAllTextAsync(_api.TokenFile);
        await File.WriteAllTextAsync(_api.TokenFile, "ended");
        using KubernetesClient api = _api.Client(TimeSpan.FromMinutes(1));
        KubernetesLeaseStore store = new(api, "default", "orders-0", TimeProvider.System);
        (await store.Awaiting(static asked => asked.ReadAsync(Cancellation)).Should().ThrowAsync<LeaseStoreException>()).Which.Message.Should().Contain("service account");

        await File.WriteAllTextAsync(_api.TokenFile, token);

        (await store.ReadAsync(Cancellation)).Should().BeNull("the token is read again at once when one was refused");
    }

    [Fact]
    public async Task Read_TheServerIsOfAnotherAuthority_IsNotTrusted()
    {
        await using EmbeddedApiServer other = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        await File.WriteAllTextAsync(_api.AuthorityFile, other.CaCertificatePem);
        using KubernetesClient api = _api.Client(TimeSpan.FromMinutes(1));

        await new KubernetesLeaseStore(api, "default", "orders-0", TimeProvider.System).Awaiting(static store => store.ReadAsync(Cancellation)).Should().ThrowAsync<LeaseStoreException>();
    }

    [Fact]
    public async Task Read_NoFiles_IsToldWithTheirNames()
    {
        File.Delete(_api.TokenFile);
        using KubernetesClient api = _api.Client(TimeSpan.FromMinutes(1));

        (await new KubernetesLeaseStore(api, "default", "orders-0", TimeProvider.System).Awaiting(static store => store.ReadAsync(Cancellation)).Should().ThrowAsync<LeaseStoreException>())
            .Which.Message.Should().Contain(_api.TokenFile);
    }

    [Theory]
    [InlineData("""{"spec":{"leaseTransitions":null}}""", "leaseTransitions")]
    [InlineData("""{"spec":{"leaseTransitions":0}}""", "leaseTransitions")]
    [InlineData("""{"spec":{"leaseDurationSeconds":null}}""", "leaseDurationSeconds")]
    [InlineData("""{"spec":{"renewTime":null}}""", "renewTime")]
    [InlineData("""{"metadata":{"annotations":{"rocketops.io/in-sync":null}}}""", "in-sync")]
    [InlineData("""{"metadata":{"annotations":{"rocketops.io/in-sync":"orders-0-0"}}}""", "in-sync")]
    [InlineData("""{"metadata":{"annotations":{"rocketops.io/in-sync":"a/b/c"}}}""", "in-sync")]
    [InlineData("""{"metadata":{"annotations":{"rocketops.io/in-sync":"a/b,,c/d"}}}""", "in-sync")]
    [InlineData("""{"metadata":{"annotations":null},"spec":null}""", "leaseTransitions")]
    public async Task Read_ALeaseSomebodyEdited_IsRefusedWithWhatToDo(string patch, string field)
    {
        await _store.TryWriteAsync(Record(3), null, Cancellation);
        await _api.MergeAsync(ApiFixture.Lease, patch);

        (await _store.Awaiting(static store => store.ReadAsync(Cancellation)).Should().ThrowAsync<LeaseStoreException>())
            .Which.Message.Should().Contain("default/orders-0").And.Contain(field).And.Contain("kubectl delete lease");
    }

    [Theory]
    [InlineData("""{"metadata":{"annotations":{"rocketops.io/unclean-epoch":"soon"}}}""")]
    [InlineData("""{"metadata":{"annotations":{"rocketops.io/unclean-epoch":"-4"}}}""")]
    [InlineData("""{"metadata":{"annotations":{"rocketops.io/hand-over-to":"  "}}}""")]
    public async Task Read_AWishThatIsNone_CountsAsAbsent(string patch)
    {
        await _store.TryWriteAsync(Record(3), null, Cancellation);
        await _api.MergeAsync(ApiFixture.Lease, patch);

        (await _store.ReadAsync(Cancellation))!.Record.Should().BeEquivalentTo(Record(3), "a mistyped wish must not end a mastership");
    }

    [Fact]
    public void Manifest_AnyValuesInAnyFields_AreARecordOrRefused()
    {
        Random random = new(20261121);
        string[] values = ["null", "1", "-1", "1e30", "true", "\"x\"", "\"\"", "\"a/b\"", "[]", "[{}]", "{}", "\"2026-11-21T01:02:03.456789Z\"", "99999999999999999999"];
        int refused = 0;
        for (int i = 0; i < 5_000; i++)
        {
            JsonObject lease = LeaseManifest.New("default", "orders-0");
            LeaseManifest.Write(Record(3), before: null, lease);
            for (int hits = 1 + random.Next(3); hits > 0; hits--)
            {
                JsonObject[] places = [lease, lease["spec"] as JsonObject ?? lease, (lease["metadata"] as JsonObject)?["annotations"] as JsonObject ?? lease];
                JsonObject place = places[random.Next(places.Length)];
                string[] fields = [.. place.Select(static field => field.Key)];
                place[fields.Length == 0 ? "spec" : fields[random.Next(fields.Length)]] = JsonNode.Parse(values[random.Next(values.Length)]);
            }

            LeaseRecord? record = LeaseManifest.Read(JsonSerializer.SerializeToElement(lease), out string? fault);
            (record is null).Should().Be(fault is not null);
            refused += record is null ? 1 : 0;
            record?.Epoch.Should().BePositive();
        }

        refused.Should().BePositive();
    }

    [Fact]
    public async Task Watch_ARenewal_IsShownWithItsVersion()
    {
        string version = (await _store.TryWriteAsync(Record(1), null, Cancellation))!;
        Channel<VersionedLease?> seen = Watch(Store(), version);
        LeaseRecord renewed = Record(1) with { RenewTime = Record(1).RenewTime.AddSeconds(1) };

        string? later = await _store.TryWriteAsync(renewed, version, Cancellation);

        VersionedLease shown = (await NextAsync(seen))!;
        shown.Version.Should().Be(later);
        shown.Record.Should().BeEquivalentTo(renewed);
    }

    [Fact]
    public async Task Watch_WhatSomebodyWishes_IsShownAndTheOldIsNot()
    {
        string version = (await _store.TryWriteAsync(Record(1), null, Cancellation))!;
        Channel<VersionedLease?> seen = Watch(Store(), version);

        await _api.MergeAsync(ApiFixture.Lease, """{"metadata":{"annotations":{"rocketops.io/hand-over-to":"orders-0-1"}}}""");

        (await NextAsync(seen))!.Record.HandOverTo.Should().Be("orders-0-1", "what was there when the watch began is known");
    }

    [Fact]
    public async Task Watch_TheLeaseIsMadeAndDeleted_ShowsBoth()
    {
        Channel<VersionedLease?> seen = Watch(Store(), null);

        await _store.TryWriteAsync(Record(1), null, Cancellation);
        (await NextAsync(seen))!.Record.Epoch.Should().Be(1);
        await _api.SendAsync("DELETE", ApiFixture.Lease);

        (await NextAsync(seen)).Should().BeNull("it is gone");
    }

    [Fact]
    public async Task Watch_FromNoVersion_ShowsWhatIsThere()
    {
        string? version = await _store.TryWriteAsync(Record(3), null, Cancellation);

        (await NextAsync(Watch(Store(), null)))!.Version.Should().Be(version);
    }

    [Fact]
    public async Task Watch_OtherLeases_AreNotShown()
    {
        Channel<VersionedLease?> seen = Watch(Store(), null);
        await new KubernetesLeaseStore(_api.Api, "default", "orders-1", TimeProvider.System).TryWriteAsync(Record(8), null, Cancellation);

        await _store.TryWriteAsync(Record(1), null, Cancellation);

        (await NextAsync(seen))!.Record.Epoch.Should().Be(1);
    }

    [Fact]
    public async Task Watch_WhatItHasShown_MayBeReplaced()
    {
        string version = (await _store.TryWriteAsync(Record(1), null, Cancellation))!;
        KubernetesLeaseStore follower = Store();
        await follower.ReadAsync(Cancellation);
        Channel<VersionedLease?> seen = Watch(follower, version);
        await _api.MergeAsync(ApiFixture.Lease, """{"metadata":{"annotations":{"example.org/note":"kept"}}}""");
        VersionedLease shown = (await NextAsync(seen))!;

        (await follower.TryWriteAsync(Record(2), version, Cancellation)).Should().BeNull("what it has read is not there any more");
        (await follower.TryWriteAsync(Record(2), shown.Version, Cancellation)).Should().NotBeNull();

        ((string)(await _api.SendAsync("GET", ApiFixture.Lease))["metadata"]!["annotations"]!["example.org/note"]!).Should().Be("kept");
    }

    /// <summary>Whoever wrote relies on what it wrote: the watch shows what was there before, and late.</summary>
    [Fact]
    public async Task Watch_OlderThanTheLastWrite_CostsTheWriterNoRequest()
    {
        string version = (await _store.TryWriteAsync(Record(1), null, Cancellation))!;
        string renewed = (await _store.TryWriteAsync(Record(1) with { RenewTime = Record(1).RenewTime.AddSeconds(1) }, version, Cancellation))!;
        string newest = (await _store.TryWriteAsync(Record(1) with { HolderAddress = "elsewhere:1" }, renewed, Cancellation))!;
        int reads = 0;
        _api.Server.FaultHook = call =>
        {
            reads += call.Verb == "get" ? 1 : 0;
            return call.Verb == "watch" ? new ApiFault { CutWatchAfter = 1 } : null;
        };
        List<VersionedLease?> seen = [];
        await _store.WatchAsync(version, TimeSpan.FromMinutes(9), seen.Add, Cancellation).WaitAsync(Patience);
        seen.Should().ContainSingle().Which!.Version.Should().Be(renewed);

        (await _store.TryWriteAsync(Record(2), newest, Cancellation)).Should().NotBeNull();

        reads.Should().Be(0);
        _store.LastSeen!.Epoch.Should().Be(2);
    }

    [Fact]
    public async Task Watch_FromAVersionThatTheServerHasForgotten_EndsAndSaysWhy()
    {
        string version = (await _store.TryWriteAsync(Record(1), null, Cancellation))!;
        await _store.TryWriteAsync(Record(2), version, Cancellation);
        _api.Server.ForgetHistory();

        (await _store.Awaiting(store => store.WatchAsync(version, TimeSpan.FromMinutes(9), _ => { }, Cancellation).WaitAsync(Patience)).Should().ThrowAsync<LeaseStoreException>())
            .Which.Message.Should().Contain("too old resource version");
    }

    [Fact]
    public async Task Watch_ALeaseSomebodyEdited_EndsWithWhatToDo()
    {
        string version = (await _store.TryWriteAsync(Record(1), null, Cancellation))!;
        Task watch = Store().WatchAsync(version, TimeSpan.FromMinutes(9), _ => { }, Cancellation);

        await _api.MergeAsync(ApiFixture.Lease, """{"spec":{"leaseTransitions":0}}""");

        (await FluentActions.Awaiting(() => watch.WaitAsync(Patience)).Should().ThrowAsync<LeaseStoreException>()).Which.Message.Should().Contain("leaseTransitions").And.Contain("kubectl delete lease");
    }

    [Fact]
    public async Task Watch_TheServerRefuses_IsToldWithWhatToDo()
    {
        _api.Server.FaultHook = static _ => ApiFault.Fail(403);

        (await _store.Awaiting(static store => store.WatchAsync("1", TimeSpan.FromMinutes(9), _ => { }, Cancellation).WaitAsync(Patience)).Should().ThrowAsync<LeaseStoreException>())
            .Which.Message.Should().Contain("Role");
    }

    [Fact]
    public async Task Watch_TheServerEndsIt_Completes()
    {
        _api.Server.FaultHook = static call => call.Verb == "watch" ? new ApiFault { CutWatchAfter = 1 } : null;
        await _store.TryWriteAsync(Record(1), null, Cancellation);
        List<VersionedLease?> seen = [];

        await _store.WatchAsync(null, TimeSpan.FromMinutes(9), seen.Add, Cancellation).WaitAsync(Patience);

        seen.Should().ContainSingle();
    }

    [Fact]
    public async Task Watch_NothingHappens_EndsWithItsPatience()
    {
        FakeTimeProvider time = new();
        await _store.TryWriteAsync(Record(1), null, Cancellation);
        Channel<VersionedLease?> seen = Channel.CreateUnbounded<VersionedLease?>();
        Task watch = new KubernetesLeaseStore(_api.Api, "default", "orders-0", time).WatchAsync(null, TimeSpan.FromMinutes(9), lease => seen.Writer.TryWrite(lease), Cancellation);
        await NextAsync(seen);

        time.Advance(TimeSpan.FromMinutes(9));

        await watch.WaitAsync(Patience);
    }

    /// <summary>Without an end: that of the test ends it.</summary>
    private Channel<VersionedLease?> Watch(KubernetesLeaseStore store, string? seenVersion)
    {
        Channel<VersionedLease?> seen = Channel.CreateUnbounded<VersionedLease?>();
        _watches.Add(store.WatchAsync(seenVersion, TimeSpan.FromMinutes(9), lease => seen.Writer.TryWrite(lease), _ended.Token));
        return seen;
    }

    private static Task<VersionedLease?> NextAsync(Channel<VersionedLease?> seen) => seen.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(Patience);

    private KubernetesLeaseStore Store() => new(_api.Api, "default", "orders-0", TimeProvider.System);

    private static LeaseRecord Record(long epoch) => new()
    {
        GroupId = "g",
        GroupName = "prod/orders-0",
        Holder = "orders-0-0",
        HolderAddress = "127.0.0.1:1",
        Epoch = epoch,
        RenewTime = new DateTimeOffset(2026, 11, 21, 1, 2, 3, 456, 789, TimeSpan.Zero),
        Duration = TimeSpan.FromSeconds(6),
        InSync = [new MemberCopy("orders-0-0", "1"), new MemberCopy("orders-0-1", "2")],
    };
}
