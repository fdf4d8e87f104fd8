using RocketOps.Broker.Failover;
using RocketOps.Election.Epochs;
using RocketOps.Election.Members;
using RocketOps.Store.Contracts;
using RocketOps.Testing.Disks;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>What a machine keeps when its process dies.</summary>
internal sealed class SimDisk
{
    private const string Directory = "/store";

    // What a start finds where nothing has happened but the end of the process.
    private static readonly StoreContinuity Whole = new(HasKernel: true, HasDurable: true, HasCheckpoint: true, HasDamage: false);

    private const int MaxCopies = 8;

    private readonly List<Action> _heldUp = [];
    private readonly List<DiskCopy> _copies = [];
    private int _incarnations;
    private int _hangs;
    private int _writtenBefore;
    private Action? _hangsWithNextFile;
    private MemoryFileSystem _files;
    private StoreContinuity _continuity;

    public SimDisk(int member)
    {
        Member = member;
        _files = NewFiles();
        _continuity = Whole;
        State = new MemberState(string.Empty, $"{member}.0", 0, 0);
    }

    public int Member { get; }

    public List<SimEntry> Log { get; } = [];

    public SimHang Hang { get; private set; }

    /// <summary>So full that messages are refused, of producers and of a master.</summary>
    public bool IsFull { get; set; }

    /// <summary>It hangs, or will with the next small file.</summary>
    public bool MayHoldUpFiles => Hang != SimHang.None || _hangsWithNextFile is not null;

    /// <summary>When it went on last.</summary>
    public TimeSpan WentOnAt { get; private set; } = TimeSpan.MinValue;

    /// <summary>So many entries survive the process.</summary>
    public int Written => Hang == SimHang.Writes ? _writtenBefore : Log.Count;

    /// <summary>So many entries survive a power cut.</summary>
    public int Durable { get; set; }

    /// <summary>As its file has it: after a cut, or when what was announced never came, it speaks of more than the log has.</summary>
    public EpochHistory Epochs { get; set; } = EpochHistory.Empty;

    /// <summary>As it was written last.</summary>
    public MemberState State { get; set; }

    /// <summary>The consumers' offset, as it was written last.</summary>
    public long Committed { get; set; }

    /// <summary>How far messages were delivered, as it was written last.</summary>
    public long Delivered { get; set; }

    public List<SimEntry> Diverged { get; } = [];

    /// <summary>What a power cut has taken.</summary>
    public List<SimEntry> Unflushed { get; } = [];

    /// <summary>What was in a process alone when that died.</summary>
    public List<SimEntry> Unwritten { get; } = [];

    /// <summary>What was on a disk that is lost.</summary>
    public List<SimEntry> Destroyed { get; } = [];

    public bool HasGoneBack { get; private set; }

    /// <summary>What was on it before it went back in time.</summary>
    public HashSet<int> GoneBack { get; } = [];

    /// <summary>So many copies of it are kept that may be put back.</summary>
    public int Copies => _copies.Count;

    /// <summary>Up to here queues were filled, which survives the process.</summary>
    public int Dispatched { get; set; }

    /// <summary>Returns the number of the hang, for <see cref="IsIn"/>.</summary>
    public int BeginHang(SimHang kind)
    {
        _hangsWithNextFile = null;
        _writtenBefore = Log.Count;
        Hang = kind;
        return ++_hangs;
    }

    public bool IsIn(int hang) => Hang != SimHang.None && hang == _hangs;

    /// <summary>What it was asked for meanwhile is done.</summary>
    public void GoOn(TimeSpan now)
    {
        _hangsWithNextFile = null;
        if (Hang != SimHang.None)
        {
            Hang = SimHang.None;
            WentOnAt = now;
            Action[] heldUp = [.. _heldUp];
            _heldUp.Clear();
            foreach (Action happens in heldUp)
            {
                happens();
            }
        }
    }

    public void WhenItGoesOn(Action happens) => _heldUp.Add(happens);

    public void HangWithNextFile(Action begins) => _hangsWithNextFile = begins;

    public void HangWithNoFile() => _hangsWithNextFile = null;

    /// <summary>A small file is replaced now.</summary>
    public void OnReplacing()
    {
        Action? begins = _hangsWithNextFile;
        _hangsWithNextFile = null;
        begins?.Invoke();
    }

    /// <summary>The process is dead, and with it what only that had. What it had asked for may have been done all the same, up to <paramref name="survives"/>.</summary>
    public void LoseProcess(int survives)
    {
        Unwritten.AddRange(Log.Skip(survives));
        Log.RemoveRange(survives, Log.Count - survives);
        Durable = Math.Min(Durable, Log.Count);
        Dispatched = Math.Min(Dispatched, Log.Count);
    }

    public void Cut(int end, bool keeps)
    {
        if (keeps)
        {
            Diverged.AddRange(Log.Skip(end));
        }

        Log.RemoveRange(end, Log.Count - end);
        Durable = Log.Count;
        Dispatched = Math.Min(Dispatched, Log.Count);
    }

    /// <summary>The kernel's pages are gone. A broker that answers before the flush may have lost what it acknowledged, and knows that when it starts.</summary>
    public void LosePower(int survives, bool tells, bool answersEarly)
    {
        Unflushed.AddRange(Log.Skip(survives));
        Log.RemoveRange(survives, Log.Count - survives);
        Durable = Log.Count;
        Dispatched = Math.Min(Dispatched, Log.Count);
        if (tells)
        {
            _continuity = _continuity with { HasKernel = false };

            // What its next start finds out.
            State = answersEarly ? State with { Incarnation = $"{Member}.?" } : State;
        }
    }

    /// <summary>What a start does with what it finds beside the log (<see cref="MemberFiles"/>). Throws <see cref="InvalidDataException"/> when it does not start.</summary>
    public MemberFiles Load(FlushDiskType flush, bool missesEpochs)
    {
        MemberFiles files = new(_files, Directory, () => $"{Member}.{++_incarnations}");
        if (!missesEpochs && !_files.FileExists(Path.Combine(Directory, EpochFile.Name)))
        {
            files.Write(EpochHistory.Empty);
        }

        (State, Epochs) = files.Load(_continuity, flush, logStart: 0, Log.Count);
        _continuity = Whole;
        return files;
    }

    /// <summary>A file beside the log is gone, and everything else is there.</summary>
    public void Lose(string file)
    {
        string path = Path.Combine(Directory, file);
        if (_files.FileExists(path))
        {
            _files.DeleteFile(path);
        }
    }

    public void Wipe(bool tells)
    {
        Destroyed.AddRange(Log);
        Destroyed.AddRange(Diverged);
        Log.Clear();
        Diverged.Clear();
        Durable = 0;
        Dispatched = 0;
        Committed = 0;
        Delivered = 0;
        Epochs = EpochHistory.Empty;
        if (tells)
        {
            _files = NewFiles();
            State = new MemberState(string.Empty, $"{Member}.{_incarnations + 1}", 0, 0);
        }
        else
        {
            new MemberFiles(_files, Directory).Write(EpochHistory.Empty);
        }
    }

    /// <summary>Keeps a copy of all that a process that dies now would leave, unless the disk hangs.</summary>
    public void Copy()
    {
        if (MayHoldUpFiles)
        {
            return;
        }

        _copies.Add(new DiskCopy([.. Log], [.. Diverged], _files.AfterKill(), State, Epochs, Durable, Dispatched, Committed, Delivered));
        if (_copies.Count > MaxCopies)
        {
            _copies.RemoveAt(0);
        }
    }

    /// <summary>A file beside the log is lost: no copy is whole any more.</summary>
    public void ForgetCopies() => _copies.Clear();

    /// <summary>
    /// The process is dead, and a copy from before is put back: whatever looks at it finds the disk of a process that was just killed.
    /// </summary>
    public void GoBack(int copy)
    {
        DiskCopy old = _copies[copy];

        // It goes back only: later copies are of a time that has not been.
        _copies.RemoveRange(copy + 1, _copies.Count - copy - 1);
        HasGoneBack = true;
        Destroyed.AddRange(Log);
        Destroyed.AddRange(Diverged);
        GoneBack.UnionWith(Destroyed.Concat(Unflushed).Select(static entry => entry.Id));
        GoneBack.ExceptWith(old.Log.Select(static entry => entry.Id));
        Log.Clear();
        Log.AddRange(old.Log);
        Diverged.Clear();
        Diverged.AddRange(old.Diverged);
        (State, Epochs, Durable, Dispatched, Committed, Delivered) = (old.State, old.Epochs, old.Durable, old.Dispatched, old.Committed, old.Delivered);
        _files = old.Files.AfterKill();
        _continuity = Whole;
    }

    private static MemoryFileSystem NewFiles()
    {
        MemoryFileSystem files = new();
        files.CreateDirectory(Directory);
        return files;
    }

    private sealed record DiskCopy(SimEntry[] Log, SimEntry[] Diverged, MemoryFileSystem Files, MemberState State, EpochHistory Epochs, int Durable, int Dispatched, long Committed, long Delivered);
}
