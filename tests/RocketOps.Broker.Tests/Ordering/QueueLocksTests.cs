using RocketOps.Broker.Ordering;
using RocketOps.Protocol.Bodies;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Ordering;

public sealed class QueueLocksTests
{
    private static readonly MessageQueueKey Queue = new() { BrokerName = "b", QueueId = 1, Topic = "T" };

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void TryLock_HeldByAnother_IsNotGivenUntilItExpires()
    {
        QueueLocks locks = new(_time);
        locks.TryLock("g", "one", [Queue]).Should().ContainSingle();

        locks.TryLock("g", "two", [Queue]).Should().BeEmpty();
        _time.Advance(TimeSpan.FromSeconds(60));
        locks.TryLock("g", "two", [Queue]).Should().BeEmpty();
        _time.Advance(TimeSpan.FromSeconds(1));
        locks.TryLock("g", "two", [Queue]).Should().ContainSingle();
    }

    [Fact]
    public void TryLock_Renewed_StaysWithItsOwner()
    {
        QueueLocks locks = new(_time);
        for (int i = 0; i < 5; i++)
        {
            locks.TryLock("g", "one", [Queue]).Should().ContainSingle();
            _time.Advance(TimeSpan.FromSeconds(50));
            locks.TryLock("g", "two", [Queue]).Should().BeEmpty();
        }
    }

    [Fact]
    public void Unlock_ByAnother_ChangesNothing()
    {
        QueueLocks locks = new(_time);
        locks.TryLock("g", "one", [Queue]);

        locks.Unlock("g", "two", [Queue]);
        locks.IsLocked("g", Queue).Should().BeTrue();
        locks.Unlock("g", "one", [Queue]);
        locks.IsLocked("g", Queue).Should().BeFalse();
    }

    [Fact]
    public void TryLock_BeyondTheLimit_GivesNoNewOnesButKeepsWhatIsHeld()
    {
        QueueLocks locks = new(_time, maxLocks: 2);
        locks.TryLock("g", "one", [Queue, Queue with { QueueId = 2 }, Queue with { QueueId = 3 }]).Should().HaveCount(2);

        locks.TryLock("other", "two", [Queue]).Should().BeEmpty();
        locks.TryLock("g", "one", [Queue]).Should().ContainSingle();
        locks.Unlock("g", "one", [Queue]);
        locks.TryLock("other", "two", [Queue]).Should().ContainSingle();
    }

    [Fact]
    public void RemoveExpired_LocksNobodyRenews_MakesRoom()
    {
        QueueLocks locks = new(_time, maxLocks: 2);
        locks.TryLock("g", "one", [Queue]);
        locks.TryLock("h", "one", [Queue]);
        _time.Advance(TimeSpan.FromSeconds(40));
        locks.TryLock("h", "one", [Queue]);
        _time.Advance(TimeSpan.FromSeconds(40));

        locks.RemoveExpired();

        locks.Count.Should().Be(1);
        locks.IsLocked("h", Queue).Should().BeTrue();
        locks.TryLock("g", "two", [Queue]).Should().ContainSingle();
    }
}
