using System.Threading.Channels;
using RocketOps.Broker.Failover.Leases;
using RocketOps.Election.Leases;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover.Leases;

public sealed class FileLeaseStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lease-").FullName;

    private string File => Path.Combine(_folder, "group", "lease.json");

    private static CancellationToken Cancellation => CancellationToken.None;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task TryWrite_WhatIsReadAfterwards_IsTheWholeRecord()
    {
        FileLeaseStore store = new(File, TimeProvider.System);
        LeaseRecord record = Record(epoch: 7) with { Successor = "b", HandOverTo = "c", UncleanEpoch = 8, Confirmed = new ConfirmedLog(3, 6, 1L << 40), KeyDigests = KeyDigests.Parse($"a={new string('a', 64)},b={new string('b', 64)}") };

        (await store.ReadAsync(Cancellation)).Should().BeNull("nobody has written it");
        string? version = await store.TryWriteAsync(record, expectedVersion: null, Cancellation);
        VersionedLease? read = await store.ReadAsync(Cancellation);

        read!.Version.Should().Be(version);
        read.Record.Should().BeEquivalentTo(record);
    }

    [Fact]
    public async Task TryWrite_AnotherVersionIsThere_WritesNothing()
    {
        FileLeaseStore store = new(File, TimeProvider.System);
        string first = (await store.TryWriteAsync(Record(1), null, Cancellation))!;
        string second = (await store.TryWriteAsync(Record(1), first, Cancellation))!;

        second.Should().NotBe(first, "the same record written again is another version");
        (await store.TryWriteAsync(Record(2), first, Cancellation)).Should().BeNull();
        (await store.TryWriteAsync(Record(2), null, Cancellation)).Should().BeNull("there is one");
        (await store.ReadAsync(Cancellation))!.Record.Epoch.Should().Be(1);
    }

    [Fact]
    public async Task TryWrite_SomebodyHasEditedTheFile_SeesAnotherVersion()
    {
        FileLeaseStore store = new(File, TimeProvider.System);
        string version = (await store.TryWriteAsync(Record(1), null, Cancellation))!;
        string text = await System.IO.File.ReadAllTextAsync(File, Cancellation);
        await System.IO.File.WriteAllTextAsync(File, text.Replace("\"epoch\": 1", "\"epoch\": 1,\n  \"uncleanEpoch\": 2", StringComparison.Ordinal), Cancellation);

        (await store.TryWriteAsync(Record(1), version, Cancellation)).Should().BeNull("what a person wrote is not overwritten unseen");
        (await store.ReadAsync(Cancellation))!.Record.UncleanEpoch.Should().Be(2);
    }

    // Without patience everybody takes every turn over, as from a process that stands still.
    [Theory]
    [InlineData(500)]
    [InlineData(0)]
    public async Task TryWrite_ManyAtTheSameTime_EachVersionIsReplacedOnce(int turnMillis)
    {
        await new FileLeaseStore(File, TimeProvider.System).TryWriteAsync(Record(1), null, Cancellation);

        int[] written = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            FileLeaseStore store = new(File, TimeProvider.System, TimeSpan.FromMilliseconds(turnMillis));
            int successes = 0;
            for (int i = 0; i < 60 || successes == 0; i++)
            {
                VersionedLease seen = (await store.ReadAsync(Cancellation))!;
                successes += await store.TryWriteAsync(seen.Record with { Epoch = seen.Record.Epoch + 1 }, seen.Version, Cancellation) is null ? 0 : 1;
            }

            return successes;
        })));

        (await new FileLeaseStore(File, TimeProvider.System).ReadAsync(Cancellation))!.Record.Epoch.Should().Be(1 + written.Sum(), "no success was overwritten by another");
        written.Sum().Should().BePositive();
    }

    [Fact]
    public async Task TryWrite_AnotherStandsStillInItsTurn_GoesOnAndTheOtherWritesNothing()
    {
        FileLeaseStore store = new(File, TimeProvider.System, TimeSpan.FromMilliseconds(20));
        string version = (await store.TryWriteAsync(Record(1), null, Cancellation))!;
        using LeaseFileTurn suspended = await LeaseFileTurn.TakeAsync(File, LeaseFile.Encode(Record(2), Guid.NewGuid()), TimeSpan.FromMinutes(1), TimeProvider.System, Cancellation);

        string? written = await store.TryWriteAsync(Record(3), version, Cancellation).WaitAsync(TimeSpan.FromMinutes(2), Cancellation);

        written.Should().NotBeNull("a member that is suspended must not keep the others from electing a master");
        suspended.TryReplace().Should().BeFalse("its turn was taken over");
        (await store.ReadAsync(Cancellation))!.Record.Epoch.Should().Be(3);
    }

    [Fact]
    public async Task TryWrite_AnotherHasTheTurn_WaitsUntilItIsDone()
    {
        FileLeaseStore store = new(File, TimeProvider.System, TimeSpan.FromMinutes(10));
        string version = (await store.TryWriteAsync(Record(1), null, Cancellation))!;
        LeaseFileTurn other = await LeaseFileTurn.TakeAsync(File, LeaseFile.Encode(Record(2), Guid.NewGuid()), TimeSpan.FromMinutes(1), TimeProvider.System, Cancellation);
        Task<string?> write = store.TryWriteAsync(Record(3), version, Cancellation);

        other.TryReplace().Should().BeTrue();
        other.Dispose();

        (await write.WaitAsync(TimeSpan.FromMinutes(2), Cancellation)).Should().BeNull("it expected what was there before");
        Directory.GetFileSystemEntries(Path.GetDirectoryName(File)!).Should().Equal([File], "nothing is left of turns");
    }

    [Fact]
    public async Task TryWrite_AnotherDiedWhenItHadReplacedTheFile_GoesOn()
    {
        Directory.CreateDirectory(File + ".turn");

        (await new FileLeaseStore(File, TimeProvider.System).TryWriteAsync(Record(1), null, Cancellation).WaitAsync(TimeSpan.FromMinutes(2), Cancellation)).Should().NotBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"holder\":\"a\",\"epoch\":-1}")]
    [InlineData("{\"groupId\":\"g\",\"holder\":\"a\",\"holderAddress\":\"\",\"epoch\":1,\"durationMillis\":6000,\"inSync\":[null]}")]
    public async Task Read_WhatIsNoLease_IsRefusedWithWhatToDo(string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        await System.IO.File.WriteAllTextAsync(File, text, Cancellation);

        (await new FileLeaseStore(File, TimeProvider.System).Awaiting(store => store.ReadAsync(Cancellation)).Should().ThrowAsync<LeaseStoreException>())
            .Which.Message.Should().Contain(File).And.Contain("put it right");
    }

    [Fact]
    public void Decode_AnyBytes_AreALeaseOrRefused()
    {
        byte[] whole = LeaseFile.Encode(Record(3), Guid.Empty);
        Random random = new(20261121);
        for (int i = 0; i < 5_000; i++)
        {
            byte[] damaged = [.. whole.AsSpan(0, random.Next(whole.Length + 1))];
            for (int hits = random.Next(4); hits > 0 && damaged.Length > 0; hits--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                LeaseFile.Decode(damaged, "lease").Epoch.Should().BePositive();
            }
            catch (InvalidDataException refused)
            {
                refused.Message.Should().Contain("lease");
            }
        }
    }

    [Fact]
    public async Task Watch_WhatIsWrittenAndDeleted_IsShown()
    {
        FileLeaseStore store = new(File, TimeProvider.System);
        string version = (await store.TryWriteAsync(Record(1), null, Cancellation))!;
        using CancellationTokenSource ended = new();
        Channel<VersionedLease?> seen = Channel.CreateUnbounded<VersionedLease?>();
        Task watch = store.WatchAsync(version, TimeSpan.FromMinutes(10), lease => seen.Writer.TryWrite(lease), ended.Token);

        LeaseRecord renewed = Record(1) with { RenewTime = Record(1).RenewTime.AddSeconds(1) };
        string? later = await store.TryWriteAsync(renewed, version, Cancellation);
        VersionedLease shown = (await NextAsync(seen))!;
        System.IO.File.Delete(File);

        shown.Version.Should().Be(later);
        shown.Record.Should().BeEquivalentTo(renewed);
        (await NextAsync(seen)).Should().BeNull("it is gone");
        await ended.CancelAsync();
        await FluentActions.Awaiting(() => watch).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Watch_FromNoVersion_ShowsWhatIsThereOnce()
    {
        FakeTimeProvider time = new();
        FileLeaseStore store = new(File, time);
        string? version = await store.TryWriteAsync(Record(1), null, Cancellation);
        List<VersionedLease?> seen = [];
        Task watch = store.WatchAsync(null, TimeSpan.FromSeconds(1), seen.Add, Cancellation);

        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return watch.IsCompletedSuccessfully;
            },
            "its patience is over");

        seen.Should().ContainSingle().Which!.Version.Should().Be(version);
    }

    [Fact]
    public async Task Watch_WhatIsNoLease_EndsWithWhatToDo()
    {
        FileLeaseStore store = new(File, TimeProvider.System);
        string? version = await store.TryWriteAsync(Record(1), null, Cancellation);
        Task watch = store.WatchAsync(version, TimeSpan.FromMinutes(10), _ => { }, Cancellation);

        await System.IO.File.WriteAllTextAsync(File + ".new", "{}", Cancellation);
        System.IO.File.Move(File + ".new", File, overwrite: true);

        (await FluentActions.Awaiting(() => watch.WaitAsync(TimeSpan.FromMinutes(2), Cancellation)).Should().ThrowAsync<LeaseStoreException>()).Which.Message.Should().Contain("put it right");
    }

    private static Task<VersionedLease?> NextAsync(Channel<VersionedLease?> seen) => seen.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromMinutes(2), Cancellation);

    private static LeaseRecord Record(long epoch) => new()
    {
        GroupId = "g",
        GroupName = "prod/orders-0",
        Holder = "a",
        HolderAddress = "127.0.0.1:1",
        Epoch = epoch,
        RenewTime = new DateTimeOffset(2026, 11, 21, 1, 2, 3, 456, 789, TimeSpan.Zero),
        Duration = TimeSpan.FromSeconds(6),
        InSync = [new MemberCopy("a", "1"), new MemberCopy("b", "2")],
    };
}
