using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RocketOps.Store.Files;

/// <summary>
/// A file through Linux's calls. P/Invokes run in preemptive mode, so that a slow disk never holds up the garbage collector as a page fault in a mapping would;
/// the handle counts calls in flight, so that a file can be deleted and closed while somebody reads it.
/// </summary>
internal sealed unsafe class LinuxFile : IStoreFile
{
    private readonly SafeFileHandle _handle;

    public LinuxFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
    }

    public string Path { get; }

    public long Length
    {
        get
        {
            // Nobody uses the file's own position, so moving it does no harm.
            var length = NativeMethods.LSeek(_handle, 0, NativeMethods.SeekEnd);
            return length >= 0 ? length : throw Failure("lseek");
        }
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* start = bytes)
        {
            var done = 0;
            while (done < bytes.Length)
            {
                var written = NativeMethods.PWrite(_handle, start + done, bytes.Length - done, offset + done);
                if (written > 0)
                {
                    done += (int)written;
                }
                else if (written == 0 || Marshal.GetLastPInvokeError() != NativeMethods.Interrupted)
                {
                    throw Failure("pwrite");
                }
            }
        }
    }

    public void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset)
    {
        nint written;
        fixed (byte* firstStart = first)
        fixed (byte* secondStart = second)
        {
            var vectors = stackalloc NativeMethods.IoVector[2];
            vectors[0] = new NativeMethods.IoVector { Base = firstStart, Length = first.Length };
            vectors[1] = new NativeMethods.IoVector { Base = secondStart, Length = second.Length };
            do
            {
                written = NativeMethods.PWriteV(_handle, vectors, 2, offset);
            }
            while (written < 0 && Marshal.GetLastPInvokeError() == NativeMethods.Interrupted);
        }

        if (written < 0)
        {
            throw Failure("pwritev");
        }

        // A short write is rare (a signal, the last free block): the rest goes piece by piece.
        if (written < first.Length)
        {
            Write(first[(int)written..], offset + written);
            Write(second, offset + first.Length);
        }
        else if (written < (nint)first.Length + second.Length)
        {
            var done = (int)(written - first.Length);
            Write(second[done..], offset + written);
        }
    }

    public int Read(Span<byte> destination, long offset)
    {
        var done = 0;
        fixed (byte* start = destination)
        {
            while (done < destination.Length)
            {
                var read = NativeMethods.PRead(_handle, start + done, destination.Length - done, offset + done);
                if (read > 0)
                {
                    done += (int)read;
                }
                else if (read == 0)
                {
                    break;
                }
                else if (Marshal.GetLastPInvokeError() != NativeMethods.Interrupted)
                {
                    throw Failure("pread");
                }
            }
        }

        return done;
    }

    public int TryReadCached(Span<byte> destination, long offset)
    {
        fixed (byte* start = destination)
        {
            var vector = new NativeMethods.IoVector { Base = start, Length = destination.Length };
            var read = NativeMethods.PReadV2(_handle, &vector, 1, offset, NativeMethods.NoWait);

            // A partial answer means that the rest is not cached; an error is EAGAIN or a file system that cannot tell. Both go to the cold threads, which
            // report a real failure.
            return read == destination.Length ? destination.Length : -1;
        }
    }

    public void FlushData()
    {
        if (NativeMethods.FDataSync(_handle) != 0)
        {
            throw Failure("fdatasync");
        }
    }

    public void Allocate(long length)
    {
        int result;
        do
        {
            result = NativeMethods.FAllocate(_handle, 0, 0, length);
        }
        while (result != 0 && Marshal.GetLastPInvokeError() == NativeMethods.Interrupted);

        if (result == 0)
        {
            return;
        }

        if (Marshal.GetLastPInvokeError() != StoreIOException.NotSupported)
        {
            throw Failure("fallocate");
        }

        // Such a file system cannot reserve blocks; a full disk then shows at the write, which the store reports as well.
        if (Length < length)
        {
            SetLength(length);
        }
    }

    public void SetLength(long length)
    {
        if (NativeMethods.FTruncate(_handle, length) != 0)
        {
            throw Failure("ftruncate");
        }
    }

    public long NextDataOffset(long offset)
    {
        if (offset >= Length)
        {
            return -1;
        }

        var data = NativeMethods.LSeek(_handle, offset, NativeMethods.SeekData);
        if (data >= 0)
        {
            return data;
        }

        // ENXIO: nothing but holes from there on. Anything else is a file system without the call: assume data.
        return Marshal.GetLastPInvokeError() == NativeMethods.NoSuchAddress ? -1 : offset;
    }

    public long GetDataEnd()
    {
        long end = 0;
        while (NextDataOffset(end) is var data and >= 0)
        {
            var hole = NativeMethods.LSeek(_handle, data, NativeMethods.SeekHole);
            if (hole <= data)
            {
                return Length;
            }

            end = hole;
        }

        return end;
    }

    public void Dispose() => _handle.Dispose();

    private StoreIOException Failure(string operation)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new StoreIOException(operation, Path, errno, Marshal.GetPInvokeErrorMessage(errno));
    }
}
