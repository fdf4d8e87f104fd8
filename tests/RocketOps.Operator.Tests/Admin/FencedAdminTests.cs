using System.Reflection;
using NSubstitute;
using RocketOps.Client;
using RocketOps.Kubernetes.LeaderElection;
using RocketOps.Operator.Admin;

namespace RocketOps.Operator.Tests.Admin;

/// <summary>Who leads no longer writes nothing to brokers and name servers, and goes on to look.</summary>
public sealed class FencedAdminTests
{
    private readonly IRocketMqAdmin _inner = Substitute.For<IRocketMqAdmin>();

    /// <summary>By its name: whatever does not ask for something changes it.</summary>
    public static TheoryData<string> Requests => [.. typeof(IRocketMqAdmin).GetMethods().Select(static method => method.Name).Distinct(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task LeadsNoLonger_NoWriteIsSent(string request)
    {
        foreach (MethodInfo method in Methods(request))
        {
            Task answer = CallAsync(new FencedAdmin(_inner, new WriteGuard(static () => false)), method);

            if (request.StartsWith("Get", StringComparison.Ordinal))
            {
                await answer;
                Sent(method).Should().BeTrue("to look does no harm");
            }
            else
            {
                await FluentActions.Awaiting(() => answer).Should().ThrowAsync<NotLeadingException>();
                Sent(method).Should().BeFalse();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Leads_EverythingIsSent(string request)
    {
        foreach (MethodInfo method in Methods(request))
        {
            await CallAsync(new FencedAdmin(_inner, new WriteGuard(static () => true)), method);

            Sent(method).Should().BeTrue();
        }
    }

    private static IEnumerable<MethodInfo> Methods(string request) => typeof(IRocketMqAdmin).GetMethods().Where(method => method.Name == request);

    private static Task CallAsync(IRocketMqAdmin admin, MethodInfo method) =>
        (Task)method.Invoke(admin, [.. method.GetParameters().Select(static parameter => parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null)])!;

    private bool Sent(MethodInfo method) => _inner.ReceivedCalls().Any(call => call.GetMethodInfo() == method);
}
