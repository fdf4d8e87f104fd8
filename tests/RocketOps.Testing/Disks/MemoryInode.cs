namespace RocketOps.Testing.Disks;

/// <summary>Content of a file: what the kernel has, and what is on the disk.</summary>
public sealed class MemoryInode
{
    public const int BlockBytes = PageBytes;

    private const int PageBytes = 4096;
    private const int SectorBytes = 512;

    private readonly Dictionary<long, byte[]> _pages = [];
    private readonly Dictionary<long, byte[]> _durablePages = [];
    private readonly HashSet<long> _dirty = [];
    private readonly HashSet<long> _blocks = [];
    private long _durableLength;

    public long Length { get; private set; }

    /// <summary>Blocks the file has, written or reserved.</summary>
    public int Blocks => _blocks.Count;

    public long DataEnd => _pages.Count == 0 ? 0 : Math.Min(Length, (_pages.Keys.Max() + 1) * PageBytes);

    public DateTimeOffset LastWrite { get; set; } = DateTimeOffset.UnixEpoch;

    public MemoryInode Copy()
    {
        MemoryInode copy = new() { Length = Length, _durableLength = _durableLength, LastWrite = LastWrite };
        foreach ((long index, byte[] page) in _pages)
        {
            copy._pages[index] = [.. page];
        }

        foreach ((long index, byte[] page) in _durablePages)
        {
            copy._durablePages[index] = [.. page];
        }

        copy._dirty.UnionWith(_dirty);
        copy._blocks.UnionWith(_blocks);
        return copy;
    }

    public MemoryInode AfterPowerCut(Random random)
    {
        MemoryInode survivor = new() { LastWrite = LastWrite };
        survivor.Length = survivor._durableLength = random.Next(2) == 0 ? Length : _durableLength;
        bool keepAll = random.Next(4) == 0;
        foreach (long index in _pages.Keys.Union(_durablePages.Keys))
        {
            byte[] old = _durablePages.GetValueOrDefault(index) ?? new byte[PageBytes];
            byte[] page = old;
            if (_dirty.Contains(index) && _pages.TryGetValue(index, out byte[]? fresh))
            {
                page = keepAll ? fresh : random.Next(3) switch
                {
                    0 => old,
                    1 => fresh,
                    _ => Torn(old, fresh, random),
                };
            }

            if (index * PageBytes < survivor.Length)
            {
                survivor._pages[index] = [.. page];
                survivor._blocks.Add(index);
                survivor._durablePages[index] = [.. page];
            }
        }

        return survivor;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        Length = Math.Max(Length, offset + bytes.Length);
        while (!bytes.IsEmpty)
        {
            long index = offset / PageBytes;
            int inPage = (int)(offset % PageBytes);
            int count = Math.Min(bytes.Length, PageBytes - inPage);
            if (!_pages.TryGetValue(index, out byte[]? page))
            {
                _pages[index] = page = new byte[PageBytes];
            }

            bytes[..count].CopyTo(page.AsSpan(inPage));
            _dirty.Add(index);
            _blocks.Add(index);
            bytes = bytes[count..];
            offset += count;
        }
    }

    public int Read(Span<byte> destination, long offset)
    {
        int total = (int)Math.Clamp(Length - offset, 0, destination.Length);
        for (int done = 0; done < total;)
        {
            long at = offset + done;
            int inPage = (int)(at % PageBytes);
            int count = Math.Min(total - done, PageBytes - inPage);
            if (_pages.TryGetValue(at / PageBytes, out byte[]? page))
            {
                page.AsSpan(inPage, count).CopyTo(destination[done..]);
            }
            else
            {
                destination.Slice(done, count).Clear();
            }

            done += count;
        }

        return total;
    }

    public void Flush()
    {
        foreach (long index in _dirty)
        {
            if (_pages.TryGetValue(index, out byte[]? page))
            {
                _durablePages[index] = [.. page];
            }
        }

        _dirty.Clear();
        _durableLength = Length;
    }

    public long CountMissingBlocks(long offset, long length)
    {
        long missing = 0;
        for (long index = offset / BlockBytes; index * BlockBytes < offset + length; index++)
        {
            missing += _blocks.Contains(index) ? 0 : 1;
        }

        return missing;
    }

    public void Allocate(long offset, long length)
    {
        for (long index = offset / BlockBytes; index * BlockBytes < offset + length; index++)
        {
            _blocks.Add(index);
        }

        Length = Math.Max(Length, offset + length);
    }

    public void SetLength(long length)
    {
        _blocks.RemoveWhere(index => index * BlockBytes >= length);
        foreach (long index in _pages.Keys.Where(index => index * PageBytes >= length).ToList())
        {
            _pages.Remove(index);
        }

        Length = length;
    }

    public long NextDataOffset(long offset)
    {
        foreach (long index in _pages.Keys.Order())
        {
            long end = (index + 1) * PageBytes;
            if (end > offset && Math.Max(offset, index * PageBytes) < Length)
            {
                return Math.Max(offset, index * PageBytes);
            }
        }

        return -1;
    }

    public void Damage(long offset, byte xor) => _pages[offset / PageBytes][offset % PageBytes] ^= xor;

    private static byte[] Torn(byte[] old, byte[] fresh, Random random)
    {
        byte[] page = [.. old];
        for (int at = 0; at < PageBytes; at += SectorBytes)
        {
            if (random.Next(2) == 0)
            {
                fresh.AsSpan(at, SectorBytes).CopyTo(page.AsSpan(at));
            }
        }

        return page;
    }
}
