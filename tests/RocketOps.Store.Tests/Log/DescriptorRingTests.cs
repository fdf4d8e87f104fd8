using RocketOps.Store.Log;

namespace RocketOps.Store.Tests.Log;

/// <summary>One thread adds, one takes, no lock: what is taken is whole, in order, and once.</summary>
public sealed class DescriptorRingTests
{
    [Fact]
    public async Task First_WhileTheRingWraps_GivesWholeDescriptorsInOrder()
    {
        const int Added = 20_000;
        DescriptorRing ring = new(64);
        bool isDone = false;
        bool hasFailed = false;
        Task appender = Task.Run(() =>
        {
            // Every record has size 1 here; what is refused leaves a gap, as in the store.
            long added = 0;
            for (long offset = 0; added < Added && !Volatile.Read(ref hasFailed); offset++)
            {
                if (ring.TryAdd(Descriptor(offset)))
                {
                    added++;
                }
                else
                {
                    Thread.Yield();
                }
            }

            Volatile.Write(ref isDone, true);
        });
        long taken = 0;
        long next = 0;
        while (taken < Added)
        {
            bool wasDone = Volatile.Read(ref isDone);
            long end = ring.EndOfUndescribed(next);
            ReadOnlySpan<MessageDescriptor> found = ring.First(next, long.MaxValue, 5);
            if (found.IsEmpty && end != long.MaxValue)
            {
                // Behind a gap: dispatch reads it from the log, and goes on there.
                next = end;
                continue;
            }

            foreach (ref readonly MessageDescriptor descriptor in found)
            {
                if (descriptor.Offset < next || !IsWhole(descriptor))
                {
                    Volatile.Write(ref hasFailed, true);
                    throw new InvalidOperationException($"{descriptor.Offset} was taken where {next} or a later one should come, or is not whole.");
                }

                next = descriptor.End;
            }

            ring.Release(found.Length);
            taken += found.Length;
            if (found.IsEmpty)
            {
                if (wasDone)
                {
                    break;
                }

                Thread.Yield();
            }
        }

        await appender;
        taken.Should().Be(Added);
    }

    [Fact]
    public void First_GapOrUndescribed_EndsThere()
    {
        DescriptorRing ring = new(8);
        ring.EndOfUndescribed(0).Should().Be(long.MaxValue, "nothing is described");
        ring.TryAdd(Descriptor(10));
        ring.TryAdd(Descriptor(11));
        ring.TryAdd(Descriptor(12) with { KeyCount = -1 });
        ring.TryAdd(Descriptor(20));

        ring.First(9, 100, 8).Length.Should().Be(0);
        ring.EndOfUndescribed(9).Should().Be(10);
        ring.First(10, 11, 8).Length.Should().Be(1, "the other begins at the end");
        ring.First(10, 100, 1).Length.Should().Be(1);
        ring.First(10, 100, 8).Length.Should().Be(2);
        ring.Release(2);
        ring.First(12, 100, 8).Length.Should().Be(0, "its record is to be read");
        ring.EndOfUndescribed(12).Should().Be(13);
        ring.ReleaseBefore(13);
        ring.EndOfUndescribed(13).Should().Be(20);
        ring.Clear();
        ring.EndOfUndescribed(13).Should().Be(long.MaxValue);
    }

    [Fact]
    public void TryAdd_Full_RefusesUntilSomethingIsReleased()
    {
        DescriptorRing ring = new(2);
        ring.TryAdd(Descriptor(0)).Should().BeTrue();
        ring.TryAdd(Descriptor(1)).Should().BeTrue();
        ring.TryAdd(Descriptor(2)).Should().BeFalse();
        ring.Release(1);
        ring.TryAdd(Descriptor(2)).Should().BeTrue();
        ring.First(1, 100, 8).Length.Should().Be(1, "the other lies at the ring's beginning");

        new DescriptorRing(0).TryAdd(Descriptor(0)).Should().BeFalse();
    }

    private static MessageDescriptor Descriptor(long offset)
    {
        MessageDescriptor descriptor = new() { Offset = offset, Size = 1, SysFlag = (int)offset, Queue = null!, QueueOffset = -offset, TagsCode = offset * 3, StoreTimestamp = offset * 7, KeyCount = 3 };
        descriptor.KeyHashes[0] = (int)offset;
        descriptor.KeyHashes[2] = (int)offset + 2;
        return descriptor;
    }

    private static bool IsWhole(in MessageDescriptor d) =>
        d is { Size: 1, KeyCount: 3 } && d.SysFlag == (int)d.Offset && d.QueueOffset == -d.Offset && d.TagsCode == d.Offset * 3 && d.StoreTimestamp == d.Offset * 7
        && d.Keys[0] == (int)d.Offset && d.Keys[2] == (int)d.Offset + 2;
}
