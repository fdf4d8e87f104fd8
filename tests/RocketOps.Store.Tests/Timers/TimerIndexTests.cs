using RocketOps.Store.Files;
using RocketOps.Store.Timers;

namespace RocketOps.Store.Tests.Timers;

public sealed class TimerIndexTests
{
    private const string Root = "/store";
    private const int Precision = 1000;
    private const long Begin = 1_800_000_000_000;

    [Fact]
    public void TimerUnit_Bytes_AreRocketMqs()
    {
        byte[] bytes = new byte[TimerUnit.Size];
        new TimerUnit(-1, TimerUnit.Default | TimerUnit.Delete, Begin, 5_000, 0x1234, 300, -7).Write(bytes);

        Convert.ToHexString(bytes).Should().Be(
            "00000034" + "FFFFFFFFFFFFFFFF" + "00000005" + "000001A3185C5000" + "00001388" + "0000000000001234" + "0000012C" + "FFFFFFF9" + "0000000000000000");
    }

    [Fact]
    public void TimerSlot_Bytes_AreRocketMqs()
    {
        byte[] bytes = new byte[TimerSlot.Size];
        new TimerSlot(Begin, 52, 104, 2, 0).Write(bytes, Precision);

        Convert.ToHexString(bytes).Should().Be("000000006B49D200" + "0000000000000034" + "0000000000000068" + "00000002" + "00000000");
        TimerSlot.Read(bytes, Precision).Should().Be(new TimerSlot(Begin, 52, 104, 2, 0));
    }

    [Fact]
    public void Decoders_AnyBytes_ThrowNothing()
    {
        Random random = new(3);
        byte[] bytes = new byte[128];
        for (int i = 0; i < 200_000; i++)
        {
            random.NextBytes(bytes);
            if (i % 2 == 0)
            {
                bytes[0] = bytes[1] = bytes[2] = 0;
                bytes[3] = TimerUnit.Size;
                bytes[12] = bytes[13] = bytes[14] = 0;
            }

            int length = random.Next(bytes.Length);
            if (TimerUnit.TryRead(bytes.AsSpan(0, length), out TimerUnit unit))
            {
                unit.Offset.Should().BeGreaterThanOrEqualTo(0);
                unit.RecordBytes.Should().BePositive();
            }

            TimerSlot.Read(bytes, Precision);
            if (TimerCheckpoint.Read(bytes.AsSpan(0, length)) is { } checkpoint)
            {
                checkpoint.LogPosition.Should().BeGreaterThanOrEqualTo(0);
            }
        }
    }

    /// <summary>Any damage: the index opens, or says that it does not, and reading its slots ends.</summary>
    [Fact]
    public void Open_DamagedFiles_EndsWithoutThrowing()
    {
        MemoryFileSystem files = new();
        long end = Write(files, 400, new Random(1));
        int opened = 0;
        for (int seed = 0; seed < 150; seed++)
        {
            Random random = new(seed);
            MemoryFileSystem damaged = files.AfterKill();
            for (int i = 0; i < seed % 20; i++)
            {
                damaged.Damage($"{Root}/timerlog/00000000000000000000", random.Next(4096), (byte)random.Next(1, 256));
                damaged.Damage($"{Root}/timerwheel", ((Begin / Precision % TimerWheel.Slots) * TimerSlot.Size) + random.Next(3_000), (byte)random.Next(1, 256));
            }

            using TimerIndex index = new(damaged, Root, Precision, 4096);
            if (index.TryOpen(new TimerCheckpoint(Begin, end, 400, 0, 1, 0, IsOwn: seed % 2 == 0), long.MaxValue))
            {
                opened++;
                for (long slot = Begin; (slot = index.NextUsed(slot, Begin + (3_000 * Precision))) >= 0; slot += Precision)
                {
                    TimerChain chain = index.Read(slot);
                    long units = 0;
                    while (chain.TryNext(out _))
                    {
                        units++;
                    }

                    units.Should().Be(chain.Units);
                }
            }
        }

        opened.Should().BePositive("damage of a few slots does not make the rest unreadable");
    }

    /// <summary>Against a dictionary: added in any order, flushed and killed at any moment, each slot gives what was added, the oldest first.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AddAndOpen_AnyOrder_GivesWhatWasAdded(bool powerCut)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            Random random = new(seed);
            MemoryFileSystem files = new();
            Dictionary<long, List<long>> expected = [];
            List<(long Slot, long Offset)> all = [];
            TimerCheckpoint? checkpoint = null;
            TimerIndex index = new(files, Root, Precision, 4096);
            index.Clear();
            for (int i = 0; i < 600; i++)
            {
                long slot = Begin + (random.Next(0, 40) * Precision);
                all.Add((slot, i * 100L));
                index.Add(slot, Begin, TimerUnit.Default, i * 100L, 100, 0);
                if (random.Next(10) == 0)
                {
                    index.Write();
                }

                if (random.Next(60) == 0)
                {
                    index.Write();
                    index.Flush();
                    checkpoint = new TimerCheckpoint(Begin, index.End, all.Count, 0, 1, 0, IsOwn: true);
                }
            }

            index.Write();
            checkpoint ??= new TimerCheckpoint(Begin, 0, 0, 0, 1, 0, IsOwn: true);
            files = powerCut ? files.AfterPowerCut(random) : files.AfterKill();
            using TimerIndex next = new(files, Root, Precision, 4096);
            if (!next.TryOpen(checkpoint, long.MaxValue))
            {
                // As a length that the disk did not keep: made anew.
                powerCut.Should().BeTrue();
                next.Clear();
                checkpoint = checkpoint with { QueueOffset = 0 };
            }

            foreach ((long slot, long offset) in all.Skip((int)checkpoint.QueueOffset))
            {
                next.Add(slot, Begin, TimerUnit.Default, offset, 100, 0);
            }

            next.Write();
            foreach ((long slot, long offset) in all)
            {
                expected.TryAdd(slot, []);
                expected[slot].Add(offset);
            }

            foreach ((long slot, List<long> offsets) in expected)
            {
                Offsets(next, slot).Should().Equal(offsets, $"of slot {slot - Begin} with seed {seed}");
                next.CountAt(slot).Should().Be(offsets.Count);
            }

            index.Dispose();
        }
    }

    [Fact]
    public void Read_SlotOfManyStretches_GivesTheOldestFirst()
    {
        const int Units = 40_000;
        MemoryFileSystem files = new();
        using TimerIndex index = new(files, Root, Precision, 1024 * 1024);
        index.Clear();
        for (int i = 0; i < Units; i++)
        {
            index.Add(Begin, Begin - 1_000, i % 1000 == 7 ? TimerUnit.Default | TimerUnit.Delete : TimerUnit.Default, i, 1, 0);
        }

        TimerChain chain = index.Read(Begin);

        chain.Units.Should().Be(Units);
        chain.Deletions.Should().HaveCount(Units / 1000);
        chain.IsBroken.Should().BeFalse();
        chain.Missing.Should().Be(0);
        for (int i = 0; i < Units; i++)
        {
            chain.TryNext(out TimerUnit unit).Should().BeTrue();
            unit.Offset.Should().Be(i);
        }

        chain.TryNext(out _).Should().BeFalse();
    }

    /// <summary>Wheel or timer log of before, alone or both, beside a checkpoint of now: the files say that they do not belong together.</summary>
    [Theory]
    [InlineData("timerwheel", true)]
    [InlineData("timerlog", true)]
    [InlineData("timer", true)]
    [InlineData("timerlog", false)]
    public void TryOpen_FilesOfBefore_AreNotOpened(string ofBefore, bool knowsTheWheel)
    {
        MemoryFileSystem files = new();
        MemoryFileSystem before = OfTwoTimes(files, out TimerCheckpoint now, sameCounts: false);
        foreach (string path in before.Paths.Where(path => path.StartsWith($"{Root}/{ofBefore}", StringComparison.Ordinal)))
        {
            Copy(before, files, path);
        }

        using TimerIndex index = new(files, Root, Precision, 4096);

        index.TryOpen(knowsTheWheel ? now : now with { WheelMark = null }, long.MaxValue).Should().BeFalse();
    }

    /// <summary>As many messages waited then, in other slots.</summary>
    [Fact]
    public void TryOpen_WheelOfBeforeWithAsManyMessages_IsNotOpened()
    {
        MemoryFileSystem files = new();
        MemoryFileSystem before = OfTwoTimes(files, out TimerCheckpoint now, sameCounts: true);
        Copy(before, files, $"{Root}/timerwheel");
        using TimerIndex index = new(files, Root, Precision, 4096);

        index.TryOpen(now, long.MaxValue).Should().BeFalse();
    }

    /// <summary>A checkpoint that says nothing of the wheel, as RocketMQ's: what the log has and the wheel of before has not is put into its slots.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TryOpen_WheelOfBeforeAndNoMark_TakesTheSlotsFromTheLog(bool isOwn)
    {
        MemoryFileSystem files = new();
        MemoryFileSystem before = OfTwoTimes(files, out TimerCheckpoint now, sameCounts: false);
        Copy(before, files, $"{Root}/timerwheel");
        using TimerIndex index = new(files, Root, Precision, 4096);

        index.TryOpen(now with { WheelMark = null, IsOwn = isOwn }, long.MaxValue).Should().BeTrue();

        Enumerable.Range(0, 100).Sum(i => Offsets(index, Begin + (i * Precision)).Count).Should().Be(110);
    }

    [Fact]
    public void TryOpen_UnitsOfMessagesBehindTheCommitLog_AreNotOpened()
    {
        MemoryFileSystem files = new();
        OfTwoTimes(files, out TimerCheckpoint now, sameCounts: false);
        using TimerIndex index = new(files, Root, Precision, 4096);

        index.TryOpen(now, 10_999).Should().BeFalse();
        index.TryOpen(now, 11_000).Should().BeTrue();
    }

    [Fact]
    public void TimerCheckpoint_WheelMark_CountsOnlyWithTheNumbersItWasWrittenWith()
    {
        TimerCheckpoint written = new(Begin, 52, 1, 0, 1, 0, IsOwn: true) { WheelMark = -7 };
        byte[] bytes = new byte[TimerCheckpoint.FileBytes];
        written.Write(bytes);
        TimerCheckpoint.Read(bytes).Should().Be(written);
        TimerCheckpoint.Read(bytes.AsSpan(0, 152)).Should().Be(written with { WheelMark = null });

        new TimerCheckpoint(Begin, 104, 2, 0, 1, 0, IsOwn: false).Write(bytes);
        bytes[15]++;

        TimerCheckpoint.Read(bytes)!.WheelMark.Should().BeNull();
    }

    [Fact]
    public void TryCut_UnitsBehindTheNewEnd_AreGone()
    {
        MemoryFileSystem files = new();
        using TimerIndex index = new(files, Root, Precision, 4096);
        index.Clear();
        for (int i = 0; i < 300; i++)
        {
            index.Add(Begin + (i % 7 * Precision), Begin, TimerUnit.Default, i * 100, 100, 0);
        }

        index.TryCut(15_000, Begin).Should().BeTrue();

        Enumerable.Range(0, 7).Sum(i => Offsets(index, Begin + (i * Precision)).Count).Should().Be(150);
        index.FindLastOffset().Should().Be(14_900);
    }

    [Fact]
    public void TryDeleteExpired_FilesOfOldMessages_AreRemovedAndTheLastIsKept()
    {
        MemoryFileSystem files = new();
        using TimerIndex index = new(files, Root, Precision, 4096);
        index.Clear();
        for (int i = 0; i < 300; i++)
        {
            index.Add(Begin, Begin, TimerUnit.Default, i * 100, 100, 0);
        }

        index.Write();
        int removed = 0;
        while (index.TryDeleteExpired(long.MaxValue))
        {
            removed++;
        }

        removed.Should().Be(3, "78 units to a file of 4096");
        TimerChain chain = index.Read(Begin);
        chain.IsBroken.Should().BeTrue();
        chain.Units.Should().Be(300 - (3 * 78));
        chain.Missing.Should().Be(3 * 78, "the slot counts them still");
    }

    /// <summary>Ten messages, a copy of the files, and a hundred more. With the same counts the ten have been delivered by then, and ten others wait.</summary>
    private static MemoryFileSystem OfTwoTimes(MemoryFileSystem files, out TimerCheckpoint now, bool sameCounts)
    {
        using TimerIndex index = new(files, Root, Precision, 4096);
        index.Clear();
        void Add(int from, int to, int firstSlot)
        {
            for (int i = from; i < to; i++)
            {
                index.Add(Begin + ((firstSlot + i - from) * Precision), Begin, TimerUnit.Default, i * 100L, 100, 0);
            }

            index.Write();
            index.Flush();
        }

        Add(0, 10, 0);
        MemoryFileSystem before = files.AfterKill();
        if (sameCounts)
        {
            for (int i = 0; i < 10; i++)
            {
                index.Forget(Begin + (i * Precision));
            }

            Add(10, 20, 50);
            now = new TimerCheckpoint(Begin + (10 * Precision), index.End, 20, 0, 1, 0, IsOwn: true) { WheelMark = index.ComputeWheelMark() };
        }
        else
        {
            Add(10, 110, 0);
            now = new TimerCheckpoint(Begin, index.End, 110, 0, 1, 0, IsOwn: true) { WheelMark = index.ComputeWheelMark() };
        }

        return before;
    }

    private static void Copy(MemoryFileSystem from, MemoryFileSystem to, string path)
    {
        using IStoreFile source = from.Open(path, FileOpenMode.Read);
        using IStoreFile target = to.Open(path, FileOpenMode.OpenOrCreate);
        byte[] bytes = new byte[source.Length];
        source.Read(bytes, 0);
        target.SetLength(0);
        target.Write(bytes, 0);
    }

    private static long Write(IStoreFileSystem files, int units, Random random)
    {
        using TimerIndex index = new(files, Root, Precision, 4096);
        index.Clear();
        for (int i = 0; i < units; i++)
        {
            index.Add(Begin + (random.Next(0, 60) * Precision), Begin, TimerUnit.Default, i * 100L, 100, 0);
        }

        index.Write();
        index.Flush();
        return index.End;
    }

    private static List<long> Offsets(TimerIndex index, long slot)
    {
        List<long> offsets = [];
        TimerChain chain = index.Read(slot);
        while (chain.TryNext(out TimerUnit unit))
        {
            offsets.Add(unit.Offset);
        }

        return offsets;
    }
}
