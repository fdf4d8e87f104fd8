using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Store;
using RocketOps.Testing;
using RocketOps.Testing.Disks;

namespace RocketOps.Embedded.Tests.Api.Store;

public sealed class ObjectLogTests
{
    private const string Things = "x.io/things";

    [Fact]
    public void Recover_AfterATornLastWrite_KeepsEverythingBefore()
    {
        using TempDirectory directory = new();
        long whole = Fill(directory, 3);
        string path = directory.File("objects.log");
        long end = new FileInfo(path).Length;

        // Every length the torn record can have been left with.
        for (long cut = whole + 1; cut < end; cut++)
        {
            using TempDirectory copy = new();
            File.Copy(path, copy.File("objects.log"));
            using (FileStream file = File.OpenWrite(copy.File("objects.log")))
            {
                file.SetLength(cut);
            }

            using ObjectStore store = new(100, new ObjectLog(copy.Path));

            store.Snapshot(Things).Objects.Keys.Select(n => n.Name).Should().Equal("t0", "t1");
            File.ReadAllBytes(copy.File($"objects.log.torn-{whole}")).Should().Equal(File.ReadAllBytes(path)[(int)whole..(int)cut], "what was cut off is kept");
        }
    }

    [Fact]
    public void Recover_DamageInTheMiddle_IsRefusedAndNothingIsChanged()
    {
        using TempDirectory directory = new();
        Fill(directory, 3);
        string path = directory.File("objects.log");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[30] ^= 0x40;
        File.WriteAllBytes(path, bytes);

        Action open = () =>
        {
            using ObjectLog log = new(directory.Path);
            log.Recover((_, _, _) => { });
        };

        open.Should().Throw<InvalidDataException>().WithMessage("*offset 8*");
        File.ReadAllBytes(path).Should().Equal(bytes);
    }

    // Each byte of the first record's length, so that it is negative, beyond the bound, beyond the end, or ends within another record.
    [Theory]
    [InlineData(0, 0x01)]
    [InlineData(1, 0x01)]
    [InlineData(1, 0xff)]
    [InlineData(2, 0x01)]
    [InlineData(3, 0x01)]
    [InlineData(3, 0x80)]
    public void Recover_LengthInTheMiddleIsDamaged_IsRefusedAndNothingIsChanged(int offset, byte flipped)
    {
        using TempDirectory directory = new();
        Fill(directory, 3);
        string path = directory.File("objects.log");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[8 + offset] ^= flipped;
        File.WriteAllBytes(path, bytes);

        Action open = () =>
        {
            using ObjectLog log = new(directory.Path);
            log.Recover((_, _, _) => { });
        };

        open.Should().Throw<InvalidDataException>().WithMessage("*offset 8 *");
        File.ReadAllBytes(path).Should().Equal(bytes);
    }

    [Fact]
    public void Recover_NextWholeRecordIsFarAway_IsFound()
    {
        using TempDirectory directory = new();
        string filling = new('x', 1_100_000); // further than one look at the file reaches
        using (ObjectStore store = new(10, new ObjectLog(directory.Path)))
        {
            store.Write(Things, new ObjectName("n", "big"), null, Thing("big", filling));
            store.Write(Things, new ObjectName("n", "small"), null, Thing("small", "v"));
        }

        string path = directory.File("objects.log");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[11] = 0x7f;
        File.WriteAllBytes(path, bytes);

        Action open = () =>
        {
            using ObjectLog log = new(directory.Path);
            log.Recover((_, _, _) => { });
        };

        open.Should().Throw<InvalidDataException>().WithMessage("*offset 8 *");
    }

    [Fact]
    public void Append_ManyChangesOfOneObject_AreCompactedAway()
    {
        using TempDirectory directory = new();
        string filling = new('x', 100_000);
        using (ObjectStore store = new(10, new ObjectLog(directory.Path)))
        {
            StoredObject? current = null;
            for (int i = 0; i < 200; i++)
            {
                current = store.Write(Things, new ObjectName("n", "t"), current, Thing("t", filling + i)).Object;
            }
        }

        new FileInfo(directory.File("objects.log")).Length.Should().BeLessThan(8 << 20, "20 MB of history were written");
        using ObjectStore reopened = new(10, new ObjectLog(directory.Path));
        reopened.Version.Should().Be(201);
        reopened.Snapshot(Things).Objects.Should().ContainSingle();
    }

    [SkippableFact]
    public void Append_DiskIsFull_GoesOnInReservedBlocksAndAfterwardsWithRoom()
    {
        using TempDirectory directory = new();
        using SmallDisk disk = SmallDisk.Mount(directory.File("disk"), kilobytes: 3 * 1024);
        string filling = new('x', 20_000);
        List<string> written = [];
        using (ObjectStore store = new(10, new ObjectLog(disk.Path)))
        {
            Write(store, "first");
            string filler = disk.Fill();
            for (int i = 0; i < 20; i++)
            {
                Write(store, $"reserved{i}");
            }

            FluentActions.Invoking(() =>
            {
                for (int i = 0; i < 100; i++)
                {
                    Write(store, $"full{i}");
                }
            }).Should().Throw<IOException>().WithMessage($"the object log {disk.Path}/objects.log cannot be written: No space left*");

            File.Delete(filler);
            Write(store, "last");
        }

        using ObjectStore reopened = new(10, new ObjectLog(disk.Path));
        reopened.Snapshot(Things).Objects.Keys.Select(static name => name.Name).Should().BeEquivalentTo(written, "what was answered is there, and nothing that was refused");

        void Write(ObjectStore store, string name)
        {
            store.Write(Things, new ObjectName("n", name), null, Thing(name, filling));
            written.Add(name);
        }
    }

    /// <summary>The change counts: whoever watches learns of it, whatever becomes of the rewriting of the file behind it.</summary>
    [Fact]
    public void Write_FileCannotBeRewritten_WatchersAreTold()
    {
        using TempDirectory directory = new();
        using ObjectStore store = new(100, new ObjectLog(directory.Path));
        Directory.CreateDirectory(directory.File("objects.log.new"));
        string value = new('x', 1 << 20);
        (long version, StoredObject? last, Exception? failure) = (store.OldestVersion, null, null);
        for (int i = 0; failure is null && i < 20; i++)
        {
            (_, _, Task next, version) = store.ChangesAfter(Things, version, 100);
            next.IsCompleted.Should().BeFalse();
            try
            {
                (_, last) = store.Write(Things, new ObjectName("n", "t"), last, Thing("t", value));
            }
            catch (UnauthorizedAccessException refused)
            {
                failure = refused;
            }

            next.IsCompleted.Should().BeTrue();
        }

        failure.Should().NotBeNull("a folder lies where the new file would be made");
        store.Snapshot(Things).Objects.Should().ContainSingle();
    }

    private static long Fill(TempDirectory directory, int count)
    {
        long before = 0;
        using ObjectStore store = new(100, new ObjectLog(directory.Path));
        for (int i = 0; i < count; i++)
        {
            before = new FileInfo(directory.File("objects.log")).Length;
            store.Write(Things, new ObjectName("n", $"t{i}"), null, Thing($"t{i}", "v"));
        }

        return before;
    }

    private static JsonObject Thing(string name, string value) =>
        new() { ["metadata"] = new JsonObject { ["name"] = name, ["uid"] = name }, ["value"] = value };
}
