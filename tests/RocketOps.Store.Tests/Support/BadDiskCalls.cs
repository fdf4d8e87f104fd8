using Microsoft.Win32.SafeHandles;
using RocketOps.Store.Files;

namespace RocketOps.Store.Tests.Support;

/// <summary>
/// The kernel with a disk behind it that does less than it is asked. Each transfer takes the next of the given answers: n &gt; 0 = at most n bytes, n ≤ 0 = that
/// very answer (0 or −errno); all bytes when there are none left. The calls without a length take −errno or 0 for "go on".
/// </summary>
internal sealed unsafe class BadDiskCalls(params int[] answers) : FileCalls
{
    private readonly Queue<int> _answers = new(answers);

    public int Calls { get; private set; }

    public override nint PWrite(SafeFileHandle file, byte* bytes, nint count, long offset)
    {
        nint answer = Next(count);
        return answer > 0 ? base.PWrite(file, bytes, answer, offset) : answer;
    }

    public override nint PWriteV(SafeFileHandle file, NativeMethods.IoVector* vectors, int count, long offset)
    {
        nint total = 0;
        for (int i = 0; i < count; i++)
        {
            total += vectors[i].Length;
        }

        nint allowed = Next(total);
        if (allowed <= 0)
        {
            return allowed;
        }

        NativeMethods.IoVector* shortened = stackalloc NativeMethods.IoVector[count];
        for (int i = 0; i < count; i++)
        {
            nint length = Math.Min(vectors[i].Length, allowed);
            shortened[i] = new NativeMethods.IoVector { Base = vectors[i].Base, Length = length };
            allowed -= length;
        }

        return base.PWriteV(file, shortened, count, offset);
    }

    public override nint PRead(SafeFileHandle file, byte* bytes, nint count, long offset)
    {
        nint answer = Next(count);
        return answer > 0 ? base.PRead(file, bytes, answer, offset) : answer;
    }

    public override nint PReadV2(SafeFileHandle file, NativeMethods.IoVector* vectors, int count, long offset, int flags)
    {
        // Read plainly: whether the file system knows RWF_NOWAIT is not what is tested.
        nint answer = Next(vectors[0].Length);
        return answer > 0 ? base.PRead(file, vectors[0].Base, answer, offset) : answer;
    }

    public override nint FDataSync(SafeFileHandle file) => Math.Min(0, Next(1)) is var error && error < 0 ? error : base.FDataSync(file);

    public override nint SyncFileRange(SafeFileHandle file, long offset, long length) => Math.Min(0, Next(1)) is var error && error < 0 ? error : base.SyncFileRange(file, offset, length);

    public override nint FAllocate(SafeFileHandle file, long offset, long length) => Math.Min(0, Next(1)) is var error && error < 0 ? error : base.FAllocate(file, offset, length);

    public override nint FTruncate(SafeFileHandle file, long length) => Math.Min(0, Next(1)) is var error && error < 0 ? error : base.FTruncate(file, length);

    private nint Next(nint asked)
    {
        Calls++;
        return _answers.TryDequeue(out int answer) ? Math.Min(answer, asked) : asked;
    }
}
