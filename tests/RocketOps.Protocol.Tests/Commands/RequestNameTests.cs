using RocketOps.Protocol.Commands;

namespace RocketOps.Protocol.Tests.Commands;

public sealed class RequestNameTests
{
    [Theory]
    [InlineData(RequestCode.HeartBeat, "HeartBeat")]
    [InlineData(RequestCode.GetRouteInfoByTopic, "GetRouteInfoByTopic")]
    [InlineData(4711, "request code 4711")]
    public void Of_IsTheNameOfTheCode(int code, string expected) => RequestName.Of(code).Should().Be(expected);
}
