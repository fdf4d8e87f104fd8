using System.Runtime.InteropServices;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Terminals;

/// <summary>
/// Waits for the key q at the terminal at standard input, which meanwhile gives keys at once and does not show them. Disposal, the end of the token and the end of the
/// process give it back as it was.
/// <para>
/// Not <see cref="Console.ReadKey()"/>: a read that waits stops a program that was sent to the background, and it leaves the cursor keys in another mode.
/// </para>
/// </summary>
internal sealed class QuitKey : IAsyncDisposable
{
    private const int Input = 0;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly Action _quit;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _end;
    private readonly Lock _gate = new();
    private readonly CancellationTokenRegistration _stopped;
    private readonly Task _looking;
    private TerminalMode? _before;
    private bool _isGivenBack;

    private QuitKey(Action quit, TimeProvider time, CancellationToken stop)
    {
        _quit = quit;
        _time = time;
        _end = CancellationTokenSource.CreateLinkedTokenSource(stop);

        // Within the signal: a second one ends the process at once.
        _stopped = stop.UnsafeRegister(static key => ((QuitKey)key!).GiveBack(), this);
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        AppDomain.CurrentDomain.UnhandledException += OnExit;
        _looking = ReadKeysAsync();
    }

    /// <summary>True when a terminal can be asked for single keys here.</summary>
    public static bool IsPossible => TerminalMode.IsKnown && !Console.IsInputRedirected;

    /// <param name="quit">What the key does. Called once at most.</param>
    /// <param name="time">When to look.</param>
    /// <param name="stop">From then on nothing is read, and the terminal is as it was.</param>
    public static QuitKey Watch(Action quit, TimeProvider time, CancellationToken stop) => new(quit, time, stop);

    /// <summary>A key alone: what comes many at a time is pasted text, or the codes of a key that has no letter.</summary>
    public static bool IsQuit(ReadOnlySpan<byte> keys) => !keys.IsEmpty && !keys.ContainsAnyExcept((byte)'q', (byte)'Q');

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _looking;
        GiveBack();
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        AppDomain.CurrentDomain.UnhandledException -= OnExit;
        await _stopped.DisposeAsync();
        _end.Dispose();
    }

    private async Task ReadKeysAsync()
    {
        while (!_end.IsCancellationRequested && ReadKeys())
        {
            await Task.Delay(Period, _time, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Returns whether to look again.</summary>
    private bool ReadKeys()
    {
        Span<byte> keys = stackalloc byte[64];
        int count;
        lock (_gate)
        {
            // The terminal is the shell's while this runs in the background: to touch it would stop the process.
            if (_isGivenBack || !HasTerminal())
            {
                return !_isGivenBack;
            }

            if (!TakeOver())
            {
                return false;
            }

            if (DescriptorPoll.Look(Input, DescriptorPoll.Readable) == 0)
            {
                return true;
            }

            count = (int)NativeMethods.Read(Input, ref MemoryMarshal.GetReference(keys), (nuint)keys.Length);
        }

        if (count <= 0)
        {
            // A terminal that has gone says so for ever.
            return false;
        }

        bool isQuit = IsQuit(keys[..count]);
        if (isQuit)
        {
            _quit();
        }

        return !isQuit;
    }

    /// <summary>Also again, after a shell set it as it likes it while this was stopped. Returns false where there is no terminal.</summary>
    private bool TakeOver()
    {
        if (TerminalMode.Of(Input) is not { } mode)
        {
            return false;
        }

        if (!mode.GivesKeys)
        {
            _before ??= mode;
            mode.WithKeys().Set(Input);
        }

        return true;
    }

    private void OnExit(object? sender, EventArgs e) => GiveBack();

    private void GiveBack()
    {
        lock (_gate)
        {
            if (!_isGivenBack && _before is { } before && HasTerminal())
            {
                before.Set(Input);
            }

            _isGivenBack = true;
        }
    }

    private static bool HasTerminal() => NativeMethods.ForegroundGroup(Input) == NativeMethods.OwnGroup();
}
