using RocketOps.Operator.Admin;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Admin;

public sealed class SharedAnswersTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualTime _time = new();
    private int _asked;

    [Fact]
    public async Task Get_WithinTheAge_AskedOnce()
    {
        SharedAnswers<string, int> answers = Create();

        (await GetAsync(answers)).Should().Be(1);
        _time.Advance(9 * Second);
        (await GetAsync(answers)).Should().Be(1);
        _time.Advance(Second);
        (await GetAsync(answers)).Should().Be(2);
    }

    [Fact]
    public async Task Get_WhileSomebodyAsks_SharesTheAnswerAndOutlivesTheFirstAsker()
    {
        SharedAnswers<string, int> answers = Create();
        TaskCompletionSource<int> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource first = new();

        Task<int> cancelled = answers.GetAsync("a", 10 * Second, _ => answer.Task, first.Token);
        Task<int> waiting = answers.GetAsync("a", TimeSpan.Zero, _ => throw new InvalidOperationException("asked twice"), CancellationToken.None);
        await first.CancelAsync();
        answer.SetResult(7);

        (await waiting).Should().Be(7);
        await cancelled.Invoking(static task => task).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Get_Failed_SharedForAMomentThenAskedAgain()
    {
        SharedAnswers<string, int> answers = Create();
        Func<Task<int>> failing = () => answers.GetAsync("a", 10 * Second, _ => ++_asked > 1 ? Task.FromResult(_asked) : throw new TimeoutException(), CancellationToken.None);

        await failing.Should().ThrowAsync<TimeoutException>();
        await failing.Should().ThrowAsync<TimeoutException>();
        _asked.Should().Be(1);

        _time.Advance(5 * Second);
        (await failing()).Should().Be(2);
    }

    [Fact]
    public async Task Forget_Known_AskedAgain()
    {
        SharedAnswers<string, int> answers = Create();
        await GetAsync(answers);

        answers.Forget("a");

        (await GetAsync(answers)).Should().Be(2);
    }

    private SharedAnswers<string, int> Create() => new(_time, timeout: 3 * Second, keepFor: 10 * Second, failureAge: Second);

    private Task<int> GetAsync(SharedAnswers<string, int> answers) => answers.GetAsync("a", 10 * Second, _ => Task.FromResult(++_asked), CancellationToken.None);
}
