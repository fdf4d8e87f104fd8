using RocketOps.Operator.Admin;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Admin;

public sealed class LatestAnswersTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly LatestAnswers<string, string> _answers;
    private int _asked;
    private bool _fails;

    public LatestAnswersTests() => _answers = new(_time, timeout: 3 * Second, firstRetry: Second, lastRetry: 4 * Second);

    [Fact]
    public async Task Get_WithinTheAge_AskedOnce()
    {
        (await GetAsync()).Should().Be(new Latest<string>("1", false));
        _time.Advance(9 * Second);
        (await GetAsync()).Should().Be(new Latest<string>("1", false));
        _time.Advance(Second);
        (await GetAsync()).Should().Be(new Latest<string>("2", false));
    }

    [Fact]
    public async Task Get_WhileSomebodyAsks_SharesTheAnswerAndOutlivesTheFirstAsker()
    {
        TaskCompletionSource<string> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource first = new();

        Task<Latest<string>> cancelled = _answers.GetAsync("a", 10 * Second, _ => answer.Task, first.Token);
        Task<Latest<string>> waiting = _answers.GetAsync("a", TimeSpan.Zero, _ => throw new InvalidOperationException("asked twice"), CancellationToken.None);
        await first.CancelAsync();
        answer.SetResult("7");

        (await waiting).Should().Be(new Latest<string>("7", false));
        await cancelled.Invoking(static task => task).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Get_Failing_NobodyWaitsAndTheLastAnswerStays()
    {
        await GetAsync();
        _fails = true;
        _time.Advance(10 * Second);
        (await GetAsync()).Should().Be(new Latest<string>("1", true));

        TaskCompletionSource<string> never = new();
        _time.Advance(Second);
        (await _answers.GetAsync("a", TimeSpan.Zero, _ => never.Task, CancellationToken.None)).Should().Be(new Latest<string>("1", true), "whoever asks goes on at once");
        never.SetResult("8");
        await Eventually.TrueAsync(
            async () => await _answers.GetAsync("a", 10 * Second, _ => throw new InvalidOperationException("asked twice"), CancellationToken.None) == new Latest<string>("8", false), "the answer is there when it comes");
    }

    [Fact]
    public async Task Get_Failing_AskedLessAndLessOften()
    {
        _fails = true;
        await GetAsync();
        List<int> asked = [];
        for (int second = 0; second < 12; second++)
        {
            _time.Advance(Second);
            int before = _asked;
            await GetAsync();
            if (_asked > before)
            {
                asked.Add(second + 1);
            }
        }

        asked.Should().Equal(1, 3, 7, 11);
    }

    [Fact]
    public async Task Fail_KnownOtherwise_AskedAgainAfterTheFirstInterval()
    {
        await GetAsync();

        _answers.Fail("a");

        (await GetAsync()).Should().Be(new Latest<string>("1", true));
        _time.Advance(Second);
        (await GetAsync()).Should().Be(new Latest<string>("2", false));
    }

    private Task<Latest<string>> GetAsync() => _answers.GetAsync("a", 10 * Second, AskAsync, CancellationToken.None);

    private Task<string> AskAsync(CancellationToken cancellationToken)
    {
        int number = ++_asked;
        return _fails ? throw new TimeoutException() : Task.FromResult(number.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}
