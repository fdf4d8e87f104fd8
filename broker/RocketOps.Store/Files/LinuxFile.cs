using Microsoft.Win32.SafeHandles;

namespace RocketOps.Store.Files;

/// <summary>
/// A file through Linux's calls. P/Invokes run in preemptive mode, so that a slow disk never holds up the garbage collector as a page fault in a mapping would;
/// the handle counts calls in flight, so that a file can be deleted and closed while somebody reads it.
/// </summary>
internal sealed unsafe class LinuxFile : IStoreFile
{
    private readonly SafeFileHandle _handle;
    private readonly FileCalls _calls;
    private readonly Lock _mappingGate = new();
    private FileMapping? _mapping;

    public LinuxFile(string path, SafeFileHandle handle, FileCalls calls)
    {
        Path = path;
        _handle = handle;
        _calls = calls;
    }

    public string Path { get; }

    /// <remarks>Nobody uses the file's own position, so moving it does no harm.</remarks>
    public long Length => Checked("lseek", _calls.LSeek(_handle, 0, NativeMethods.SeekEnd));

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* start = bytes)
        {
            int done = 0;
            while (done < bytes.Length)
            {
                nint written = _calls.PWrite(_handle, start + done, bytes.Length - done, offset + done);
                if (written == 0)
                {
                    // Not an answer the kernel should give; going on could be for ever.
                    throw new StoreIOException("pwrite", Path, StoreIOException.InputOutput, $"none of {bytes.Length - done} bytes was written");
                }

                done += written == -NativeMethods.Interrupted ? 0 : (int)Checked("pwrite", written);
            }
        }
    }

    public void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset)
    {
        nint written;
        fixed (byte* firstStart = first)
        fixed (byte* secondStart = second)
        {
            NativeMethods.IoVector* vectors = stackalloc NativeMethods.IoVector[2];
            vectors[0] = new NativeMethods.IoVector { Base = firstStart, Length = first.Length };
            vectors[1] = new NativeMethods.IoVector { Base = secondStart, Length = second.Length };
            do
            {
                written = _calls.PWriteV(_handle, vectors, 2, offset);
            }
            while (written == -NativeMethods.Interrupted);
        }

        Checked("pwritev", written);

        // A short write is rare (a signal, the last free block): the rest goes piece by piece.
        if (written < first.Length)
        {
            Write(first[(int)written..], offset + written);
            Write(second, offset + first.Length);
        }
        else if (written < (nint)first.Length + second.Length)
        {
            int done = (int)(written - first.Length);
            Write(second[done..], offset + written);
        }
    }

    public int Read(Span<byte> destination, long offset)
    {
        int done = 0;
        fixed (byte* start = destination)
        {
            while (done < destination.Length)
            {
                nint read = _calls.PRead(_handle, start + done, destination.Length - done, offset + done);
                if (read == 0)
                {
                    break;
                }

                done += read == -NativeMethods.Interrupted ? 0 : (int)Checked("pread", read);
            }
        }

        return done;
    }

    public int TryReadCached(Span<byte> destination, long offset)
    {
        fixed (byte* start = destination)
        {
            NativeMethods.IoVector vector = new() { Base = start, Length = destination.Length };
            nint read = _calls.PReadV2(_handle, &vector, 1, offset, NativeMethods.NoWait);

            // A partial answer means that the rest is not cached; an error is EAGAIN or a file system that cannot tell. Both go to the cold threads, which
            // report a real failure.
            return read == destination.Length ? destination.Length : -1;
        }
    }

    public FileMapping? Mapping => Volatile.Read(ref _mapping);

    public void Map(long length)
    {
        lock (_mappingGate)
        {
            if (!_handle.IsClosed && _mapping is null)
            {
                Volatile.Write(ref _mapping, FileMapping.TryMap(_handle, length));
            }
        }
    }

    public void Unmap()
    {
        lock (_mappingGate)
        {
            _mapping?.Dispose();
            Volatile.Write(ref _mapping, null);
        }
    }

    public void FlushData()
    {
        nint result;
        do
        {
            // Interrupted is the one failure after which asking again is right: nothing was lost, the wait for the disk was only broken off.
            result = _calls.FDataSync(_handle);
        }
        while (result == -NativeMethods.Interrupted);

        Checked("fdatasync", result);
    }

    public void WriteBack(long offset, long length)
    {
        nint result;
        do
        {
            result = _calls.SyncFileRange(_handle, offset, length);
        }
        while (result == -NativeMethods.Interrupted);

        // Pacing is all that is lost where there is no such call.
        if (result is not (-NativeMethods.NoSuchCall or -StoreIOException.NotSupported))
        {
            Checked("sync_file_range", result);
        }
    }

    public void Allocate(long offset, long length)
    {
        nint result;
        do
        {
            result = _calls.FAllocate(_handle, offset, length);
        }
        while (result == -NativeMethods.Interrupted);

        if (result != -StoreIOException.NotSupported)
        {
            Checked("fallocate", result);
        }
        else if (Length < offset + length)
        {
            // Such a file system cannot reserve blocks; a full disk then shows at the write, which the store reports as well.
            SetLength(offset + length);
        }
    }

    public void SetLength(long length)
    {
        nint result;
        do
        {
            result = _calls.FTruncate(_handle, length);
        }
        while (result == -NativeMethods.Interrupted);

        Checked("ftruncate", result);
    }

    public long NextDataOffset(long offset)
    {
        if (offset >= Length)
        {
            return -1;
        }

        nint data = _calls.LSeek(_handle, offset, NativeMethods.SeekData);
        if (data >= 0)
        {
            return data;
        }

        // ENXIO: nothing but holes from there on. Anything else is a file system without the call: assume data.
        return data == -NativeMethods.NoSuchAddress ? -1 : offset;
    }

    public long GetDataEnd()
    {
        long end = 0;
        while (NextDataOffset(end) is var data and >= 0)
        {
            nint hole = _calls.LSeek(_handle, data, NativeMethods.SeekHole);
            if (hole <= data)
            {
                return Length;
            }

            end = hole;
        }

        return end;
    }

    public void Dispose()
    {
        lock (_mappingGate)
        {
            // A deleted file takes its room on the disk as long as it is mapped.
            _mapping?.Dispose();
            Volatile.Write(ref _mapping, null);
            _handle.Dispose();
        }
    }

    private nint Checked(string operation, nint answer) => answer >= 0 ? answer : throw StoreIOException.Of(operation, Path, (int)-answer);
}
