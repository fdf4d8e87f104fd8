using RocketOps.Broker.Failover.Leases;
using RocketOps.Election.Leases;

namespace RocketOps.Broker.Tests.Failover.Leases;

public sealed class KeyedLeaseStoreTests : IDisposable
{
    private const string A = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string B = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    private readonly string _folder = Directory.CreateTempSubdirectory("lease-").FullName;
    private readonly KeyedLeaseStore _a;
    private readonly KeyedLeaseStore _b;

    public KeyedLeaseStoreTests() => (_a, _b) = (Store("a", A), Store("b", B));

    private static CancellationToken Cancellation => CancellationToken.None;

    private FileLeaseStore Plain => new(Path.Combine(_folder, "lease.json"), TimeProvider.System);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task TryWrite_OfTheFirstLease_HasTheFoundersKey()
    {
        (await _a.TryWriteAsync(Record(1), null, Cancellation)).Should().NotBeNull();

        (await KeysAsync()).Should().BeEquivalentTo(new Dictionary<string, string> { ["a"] = A });
    }

    /// <summary>The rules make a new record for each epoch, and do not know of keys.</summary>
    [Fact]
    public async Task TryWrite_OfARecordWithoutKeys_CarriesTheOthersOn()
    {
        await _a.TryWriteAsync(Record(1), null, Cancellation);
        string version = (await _b.ReadAsync(Cancellation))!.Version;

        (await _b.TryWriteAsync(Record(2), version, Cancellation)).Should().NotBeNull();

        (await KeysAsync()).Should().BeEquivalentTo(new Dictionary<string, string> { ["a"] = A, ["b"] = B });
    }

    /// <summary>A version of before is enough for a store that was opened anew.</summary>
    [Fact]
    public async Task TryWrite_OfAVersionThatItHasNotSeenItself_CarriesTheOthersOn()
    {
        string version = (await _a.TryWriteAsync(Record(1), null, Cancellation))!;

        (await _b.TryWriteAsync(Record(2), version, Cancellation)).Should().NotBeNull();

        (await KeysAsync()).Keys.Should().BeEquivalentTo("a", "b");
    }

    /// <summary>A release that is refused is not made again: the group would be without a master until the lease ends.</summary>
    [Fact]
    public async Task TryWrite_WhenOthersHaveWrittenTheirKeysSince_ReplacesTheRecord()
    {
        string version = (await _a.TryWriteAsync(Record(1), null, Cancellation))!;
        VersionedLease seen = (await _b.ReadAsync(Cancellation))!;
        (await _b.TryWriteAsync(seen.Record, seen.Version, Cancellation)).Should().NotBeNull();

        (await _a.TryWriteAsync(Record(1) with { Holder = string.Empty, Successor = "b" }, version, Cancellation)).Should().NotBeNull();

        LeaseRecord released = (await Plain.ReadAsync(Cancellation))!.Record;
        (released.Holder, released.Successor).Should().Be((string.Empty, "b"));
        released.KeyDigests.Keys.Should().BeEquivalentTo("a", "b");
    }

    [Fact]
    public async Task TryWrite_WhenMoreThanKeysWasWrittenSince_WritesNothing()
    {
        LeaseRecord record = Record(1);
        LeaseRecord[] changes =
        [
            record with { Epoch = 2 }, record with { Holder = "b" }, record with { RenewTime = record.RenewTime.AddTicks(10) }, record with { HandOverTo = "b" }, record with { UncleanEpoch = 2 }, record with { GroupId = "h" },
            record with { InSync = [.. record.InSync, new MemberCopy("b", "2")] }, record with { Successor = "b" }, record with { HolderAddress = "elsewhere:1" }, record with { Duration = TimeSpan.FromSeconds(7) },
        ];
        string? version = await _a.TryWriteAsync(record, null, Cancellation);
        foreach (LeaseRecord change in changes)
        {
            string changed = (await Plain.TryWriteAsync(change, version, Cancellation))!;

            (await _a.TryWriteAsync(record with { RenewTime = record.RenewTime.AddSeconds(1) }, version, Cancellation)).Should().BeNull(change.ToString());

            version = await _a.TryWriteAsync(record, changed, Cancellation);
            version.Should().NotBeNull("that is what it read");
        }
    }

    [Fact]
    public async Task TryWrite_OfALeaseThatIsFoundedAnew_HasTheKeysThatWereThere()
    {
        string version = (await _a.TryWriteAsync(Record(1), null, Cancellation))!;
        await _b.TryWriteAsync(Record(1), version, Cancellation);
        await _a.ReadAsync(Cancellation);
        File.Delete(Path.Combine(_folder, "lease.json"));
        (await _a.ReadAsync(Cancellation)).Should().BeNull();

        (await _a.TryWriteAsync(Record(2), null, Cancellation)).Should().NotBeNull();

        (await KeysAsync()).Keys.Should().BeEquivalentTo("a", "b");
        (await _b.TryWriteAsync(Record(1), version, Cancellation)).Should().BeNull();
    }

    [Fact]
    public async Task Seen_OfWhatAPersonTookOut_IsWithoutIt()
    {
        string version = (await _a.TryWriteAsync(Record(1), null, Cancellation))!;

        await Plain.TryWriteAsync(Record(1), version, Cancellation);
        await _a.ReadAsync(Cancellation);

        _a.Seen!.KeyDigests.Should().BeEmpty();
    }

    /// <summary>A watch shows late what was replaced meanwhile: a key that was lost counts no more then, and one that was written is not forgotten.</summary>
    [Fact]
    public async Task Watch_OfWhatWasReplaced_TellsOfNoKeysButTheNewest()
    {
        LeaseRecord old = Record(1) with { KeyDigests = KeyDigests.Parse($"b={A}") };
        LeaseRecord renewed = old with { RenewTime = old.RenewTime.AddSeconds(1), KeyDigests = KeyDigests.Parse($"b={B}") };
        ShownStore store = new() { Lease = new VersionedLease(renewed, "2"), Shown = [new VersionedLease(old, "1"), new VersionedLease(old with { Epoch = 0 }, "0"), null] };
        KeyedLeaseStore keyed = new(store, "a", A, ["a", "b"]);
        List<string?> seen = [];
        await keyed.ReadAsync(Cancellation);

        await keyed.WatchAsync(null, TimeSpan.FromMinutes(1), lease => seen.Add(lease?.Version), Cancellation);

        seen.Should().Equal(["1", "0", null], "the rules are told of everything");
        keyed.DigestsOf("b").Should().Equal(B);
        store.Shown = [new VersionedLease(renewed with { KeyDigests = KeyDigests.Parse($"b={A},c={A}") }, "3")];
        await keyed.WatchAsync(null, TimeSpan.FromMinutes(1), static _ => { }, Cancellation);
        (keyed.DigestsOf("b").Count, keyed.DigestsOf("c").Count, keyed.DigestsOf("d").Count).Should().Be((2, 1, 0), "of one renewal nobody knows which is newer");
    }

    private KeyedLeaseStore Store(string member, string digest) => new(Plain, member, digest, ["a", "b"]);

    private async Task<IReadOnlyDictionary<string, string>> KeysAsync() => (await Plain.ReadAsync(Cancellation))!.Record.KeyDigests;

    private static LeaseRecord Record(long epoch) => new()
    {
        GroupId = "g",
        Holder = "a",
        HolderAddress = "127.0.0.1:1",
        Epoch = epoch,
        RenewTime = new DateTimeOffset(2026, 11, 26, 1, 2, 3, TimeSpan.Zero),
        Duration = TimeSpan.FromSeconds(6),
        InSync = [new MemberCopy("a", "1")],
    };

    private sealed class ShownStore : ILeaseStore
    {
        public VersionedLease? Lease { get; init; }

        public VersionedLease?[] Shown { get; set; } = [];

        public Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(Lease);

        public Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task WatchAsync(string? seenVersion, TimeSpan patience, Action<VersionedLease?> seen, CancellationToken cancellationToken)
        {
            Array.ForEach(Shown, lease => seen(lease));
            return Task.CompletedTask;
        }
    }
}
